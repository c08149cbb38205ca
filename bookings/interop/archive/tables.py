"""Which tables an archive holds, and the one form in which their rows are written."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from psycopg import sql

from tenants.context import current_clinic
from tenants.versions import clinic_app_labels

# Every other table of a clinic is in the archive.
LEFT_OUT = {
    "sessions.session": "log-ins of browsers; people log in again",
    "bookings.keptanswer": "answers to repeated API calls, kept for a day",
    "migrations": "which migrations ran; the schema version stands for them",
}
# One form of each value, whatever the server's or the role's settings are.
_FORM = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "IntervalStyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}


@dataclass(frozen=True)
class Table:
    """A table of the current clinic, as it stands in the database."""

    label: str  # such as `bookings.appointment`: the name of its file
    name: str
    key: str
    columns: tuple[str, ...]

    @property
    def file_name(self) -> str:
        return f"data/{self.label}.jsonl"

    def said(self, statement: str) -> str:
        """Put the table's names into a statement."""
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        composed = sql.SQL(statement).format(
            table=sql.Identifier(self.name),
            key=sql.Identifier(self.key),
            columns=columns,
        )
        return composed.as_string(connection.connection)


def tables() -> list[Table]:
    """Return the current clinic's tables that an archive holds, by label."""
    models = [
        model
        for label in clinic_app_labels()
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    ]
    named: dict[str, Any] = {model._meta.label_lower: model._meta for model in models}
    return [
        Table(label, named[label].db_table, named[label].pk.column, columns)
        for label in sorted(named.keys() - LEFT_OUT.keys())
        if (columns := _columns(named[label].db_table))
    ]


def fix_form() -> None:
    """Have this transaction write each value in the archive's form."""
    with connection.cursor() as cursor:
        for name, value in _FORM.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def _columns(table: str) -> tuple[str, ...]:
    """Return a table's columns in their order, but those that compute themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped"
            " AND attgenerated = '' AND attrelid = format('%%I.%%I', %s::text, %s::text)"
            "::regclass ORDER BY attnum",
            [current_clinic().schema_name, table],
        )
        return tuple(name for (name,) in cursor.fetchall())
