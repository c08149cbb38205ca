"""The statements that write: one for all that a booking, or many at once, must write.

Written once, for a cursor of Django's (the clinic's schema is on its path) and for a
coroutine's connection (`{schema}` is filled in by `tenants.wire`). The rows of many travel
as JSON, which PostgreSQL reads by the columns of the table, so that a statement has one
text for two and for hundreds; a lone booking's are named one by one, which costs PostgreSQL
a tenth less for all of it.
"""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from django.db import connection, models
from psycopg.types.range import Range

from bookings.models import (
    Appointment,
    AppointmentChange,
    KeptAnswer,
    OutboxMessage,
    Patient,
)

if TYPE_CHECKING:
    from bookings.actions.entries import Done

Arguments = list[Any]


def book(done: Iterable["Done"]) -> None:
    """Write bookings on this thread's connection, in the transaction that judged them.

    Raises:
        IntegrityError: a constraint says no to one of them; none is written.
    """
    statement, arguments = booking(done)
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{schema}", ""), arguments)


def booking(done: Iterable["Done"]) -> tuple[str, Arguments]:
    """Return the statement that writes bookings, with its arguments.

    It writes appointments, whose slots are theirs now, with history and messages; also
    people who are new. Foreign keys are looked at when all is written.
    """
    made = list(done)
    rows = {
        name: [row for each in made if (row := getattr(each, attribute))]
        for name, (_, attribute) in _TABLES.items()
    }
    slots = [(each.appointment.pk, slot) for each in made for slot in each.slots]
    handed_over = [
        [slot.pk for _, slot in slots],
        [owner for owner, _ in slots],
        [slot.version for _, slot in slots],
    ]
    if len(made) != 1:
        return _statement_of_many(), [*map(_as_json, rows.values()), *handed_over]
    own = tuple(name for name, found in rows.items() if found)
    values = [
        value for found in rows.values() for row in found for value in _values(row)
    ]
    return _statement_of_one(own), [*values, *handed_over]


# What is written of a booking: into which table, and where it stands in `Done`.
_TABLES: dict[str, tuple[type[models.Model], str]] = {
    "newcomers": (Patient, "newcomer"),
    "appointments": (Appointment, "appointment"),
    "history": (AppointmentChange, "change"),
    "messages": (OutboxMessage, "message"),
}
_HAND_OVER = """
    UPDATE {schema}bookings_slot AS slot
    SET appointment_id = new.owner, version = new.version,
        hold_id = NULL, held_until = NULL
    FROM unnest(%s::uuid[], %s::uuid[], %s::int[])
        AS new (slot, owner, version)
    WHERE slot.id = new.slot
"""


@cache
def _statement_of_many() -> str:
    return _all_of({name: _insert(model) for name, (model, _) in _TABLES.items()})


@cache
def _statement_of_one(names: tuple[str, ...]) -> str:
    return _all_of({name: _insert_one(_TABLES[name][0]) for name in names})


def _all_of(inserts: dict[str, str]) -> str:
    written = ", ".join(f"{name} AS ({text})" for name, text in inserts.items())
    return f"WITH {written} {_HAND_OVER}"


def answers(kept: Iterable[KeptAnswer]) -> tuple[str, Arguments]:
    """The same for answers to requests with a key, kept with what they did."""
    return _statement_of_answers(), [_as_json(kept)]


@cache
def _statement_of_answers() -> str:
    return f"{_insert(KeptAnswer)} ON CONFLICT DO NOTHING"


def _insert(model: type[models.Model]) -> str:
    table, listed = _table(model), _listed(model)
    return (
        f"INSERT INTO {table} ({listed}) SELECT {listed} "  # noqa: S608 (as above)
        f"FROM json_populate_recordset(NULL::{table}, %s::json)"
    )


def _insert_one(model: type[models.Model]) -> str:
    places = ", ".join("%s" for _ in _columns(model))
    return f"INSERT INTO {_table(model)} ({_listed(model)}) VALUES ({places})"  # noqa: S608 (as above)


def _table(model: type[models.Model]) -> str:
    return f"{{schema}}{model._meta.db_table}"


def _listed(model: type[models.Model]) -> str:
    return ", ".join(f'"{column}"' for column, _ in _columns(model))


def _values(row: models.Model) -> list[Any]:
    """The values of a row, in the order of its columns."""
    known = row.__dict__
    return [_plain(known[attribute]) for _, attribute in _columns(type(row))]


@cache
def _columns(model: type[models.Model]) -> list[tuple[str, str]]:
    """Columns, each with the attribute that holds its value; PostgreSQL counts ids."""
    fields: list[Any] = list(model._meta.concrete_fields)
    return [
        (str(field.column), str(field.attname))
        for field in fields
        if not isinstance(field, models.AutoField)
    ]


def _as_json(rows: Iterable[models.Model]) -> str:
    shown = [
        {column: row.__dict__[name] for column, name in _columns(type(row))}
        for row in rows
    ]
    return orjson.dumps(shown, default=_text).decode()


def _text(value: Any) -> str:
    """Write what JSON has no way for."""
    return str(_plain(value))


def _plain(value: Any) -> Any:
    """Write a range as PostgreSQL reads it."""
    if type(value) is Range:
        return f"[{value.lower},{value.upper})"
    return value
