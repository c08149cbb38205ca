"""Puts an archive's rows into the current clinic's empty tables."""

from typing import Any

import psycopg
from django.db import Error, connection
from django.utils.translation import gettext as _

from bookings.interop.archive import references
from bookings.interop.archive.errors import ArchiveError
from bookings.interop.archive.opened import Opened
from bookings.interop.archive.tables import Table, fix_form, tables

_FILL = """
    INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE
    SELECT {columns} FROM pg_temp.archived,
        LATERAL json_populate_record(NULL::{table}, line::json)
"""


def load(archive: Opened) -> None:
    """Fill all tables. Call it in the transaction that made them.

    What the new tables hold already (content types, permissions) gives way to the
    archive's. All constraints are checked before it returns.

    Raises:
        ArchiveError: a row does not fit.
    """
    ours = tables()
    if archive.names("data") != sorted(table.file_name for table in ours):
        raise ArchiveError(_("The archive holds other tables than this code has."))
    fix_form()
    with connection.cursor() as cursor:
        names = ", ".join(table.said("{table}") for table in ours)
        cursor.execute(f"TRUNCATE {names}")
        cursor.execute("CREATE TEMP TABLE archived (line text) ON COMMIT DROP")
        for table in ours:
            try:
                _fill(cursor, table, archive)
                cursor.execute("TRUNCATE pg_temp.archived")
            except (Error, psycopg.Error) as error:
                raise ArchiveError(
                    _not_loaded(table.file_name, _rule_of(error))
                ) from error
        try:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except Error as error:
            raise ArchiveError(_not_loaded("data", _rule_of(error))) from error
    for column in references.broken():
        raise ArchiveError(_not_loaded("data", column))


def _fill(cursor: Any, table: Table, archive: Opened) -> None:
    with cursor.copy("COPY pg_temp.archived FROM STDIN") as copy:
        for line in archive.rows(table.file_name):
            copy.write_row((line,))
    cursor.execute(table.said(_FILL))
    if cursor.rowcount != archive.manifest.files[table.file_name].rows:
        message = _("%(file)s has another number of rows than the manifest says.")
        raise ArchiveError(message % {"file": table.file_name})
    for sequence in connection.introspection.get_sequences(cursor, table.name):
        _go_on_after(cursor, table, sequence["column"])


def _go_on_after(cursor: Any, table: Table, column: str) -> None:
    """Have the next number follow the highest one that is taken."""
    quoted = connection.ops.quote_name(column)
    statement = table.said(
        "SELECT setval(pg_get_serial_sequence(%s, %s),"  # noqa: S608 (own names)
        f" coalesce(max({quoted}), 1), max({quoted}) IS NOT NULL) FROM {{table}}"
    )
    cursor.execute(statement, [connection.ops.quote_name(table.name), column])


def _rule_of(error: Exception) -> str:
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    known = cause.diag if isinstance(cause, psycopg.Error) else None
    return (known and (known.constraint_name or known.message_primary)) or ""


def _not_loaded(name: str, rule: str) -> str:
    """Say which file does not fit, and by which rule; never what the row holds."""
    return _("%(file)s does not fit: %(rule)s") % {"file": name, "rule": rule}
