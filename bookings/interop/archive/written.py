"""Writes the archive of the current clinic: all of it as it is at one instant.

Rows go from PostgreSQL into the file one by one, so a large clinic needs no more memory
than a small one.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

from django.conf import settings
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from bookings import locking
from bookings.interop import ical
from bookings.interop.archive import diary, sheets
from bookings.interop.archive.container import Container
from bookings.interop.archive.errors import ArchiveError
from bookings.interop.archive.manifest import NAME, About, Manifest
from bookings.interop.archive.tables import LEFT_OUT, Table, fix_form, tables
from tenants import media
from tenants.context import current_clinic
from tenants.versions import current_version
from tenants.wholefiles import whole_file

README = "README.txt"


def write(path: Path) -> Manifest:
    """Write the current clinic's archive to `path`, whole or not at all.

    Call it outside of a transaction: it opens one of its own.

    Raises:
        ArchiveError: the clinic's tables are not yet, or no longer, this code's.
        OSError: the file cannot be written.
    """
    if current_clinic().schema_version != current_version():
        raise ArchiveError(_("This clinic must be migrated first."))
    with whole_file(path) as file, ZipFile(file, "w") as target, _one_instant():
        container = Container(target)
        manifest = Manifest(
            clinic=About.current_clinic(),
            schema_version=current_version(),
            created_at=locking.clock().isoformat(),
            files=container.entries,
        )
        _add_everything(container, manifest)
        container.add_text(NAME, manifest.text())
    return manifest


@contextmanager
def _one_instant() -> Iterator[None]:
    """See the database as it was when this began, in one form and language."""
    with translation.override(settings.LANGUAGE_CODE), transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        fix_form()
        yield


def _add_everything(container: Container, manifest: Manifest) -> None:
    # Files first: one that is replaced meanwhile may be deleted soon.
    for name, source in media.files_of(current_clinic().pk):
        with source:
            container.add_file(name, source)
    for table in tables():
        container.add_rows(table.file_name, _rows(table))
    for name, (headings, rows) in sheets.SHEETS.items():
        lines = sheets.lines_of(headings, rows())
        container.add_rows(f"csv/{name}.csv", lines, apart=1)
    events = ical.whole_calendar(diary.with_last_change())
    container.add_rows("calendar/appointments.ics", events, apart=2)
    written_at = manifest.created_at[:16].replace("T", " ")  # in UTC
    said = {"manifest": manifest, "left_out": LEFT_OUT, "written_at": written_at}
    readme = render_to_string("bookings/archive/readme.txt", said)
    container.add_file(README, io.BytesIO(readme.encode()))


def _rows(table: Table) -> Iterator[bytes]:
    """Return each row as a line of JSON, in the order of the key."""
    statement = table.said(
        "COPY (SELECT row_to_json(found)::text FROM (SELECT {columns} FROM {table})"
        " AS found ORDER BY found.{key}) TO STDOUT"
    )
    with (
        connection.wrap_database_errors,  # Django's cursor does not wrap a copy's
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for (line,) in copy.rows():
            yield f"{line}\n".encode()
