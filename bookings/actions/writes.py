"""The statements that write: one for all that a booking, or many at once, must write.

Written once, for a cursor of Django's (the clinic's schema is on its path) and for a
coroutine's connection (`{schema}` is filled in by `tenants.pools`). Rows travel as JSON,
which PostgreSQL reads by the columns of the table, so a statement has one text for one
row and for hundreds.
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

Arguments = dict[str, Any]


def book(done: Iterable["Done"]) -> None:
    """Write bookings on this thread's connection, in the transaction that judged them.

    Raises:
        IntegrityError: a constraint says no to one of them; none is written.
    """
    with connection.cursor() as cursor:
        cursor.execute(booking_statement().replace("{schema}", ""), arguments_of(done))


@cache
def booking_statement() -> str:
    """Appointments, whose slots are theirs now, with history and messages.

    Also people who are new; foreign keys are looked at when all is written.
    """
    return f"""
    WITH newcomers AS ({_insert(Patient, "newcomers")}),
    appointments AS ({_insert(Appointment, "appointments")}),
    slots AS (
        UPDATE {{schema}}bookings_slot AS slot
        SET appointment_id = new.appointment, version = new.version,
            hold_id = NULL, held_until = NULL
        FROM json_to_recordset(%(slots)s::json)
            AS new (slot uuid, appointment uuid, version int)
        WHERE slot.id = new.slot
    ), history AS ({_insert(AppointmentChange, "history")})
    {_insert(OutboxMessage, "messages")}
    """  # noqa: S608 (names of our own columns)


@cache
def answers_statement() -> str:
    """Answers to requests with a key, kept with what they did."""
    return f"{_insert(KeptAnswer, 'answers')} ON CONFLICT DO NOTHING"


def arguments_of(done: Iterable["Done"]) -> Arguments:
    """Everything that `booking_statement` wants to know of bookings."""
    made = list(done)
    slots = [
        {"slot": slot.pk, "appointment": each.appointment.pk, "version": slot.version}
        for each in made
        for slot in each.slots
    ]
    return {
        "slots": _json(slots),
        "newcomers": _rows(each.newcomer for each in made if each.newcomer),
        "appointments": _rows(each.appointment for each in made),
        "history": _rows(each.change for each in made),
        "messages": _rows(each.message for each in made if each.message),
    }


def answers_arguments(answers: Iterable[KeptAnswer]) -> Arguments:
    """The same for `answers_statement`."""
    return {"answers": _rows(answers)}


def _insert(model: type[models.Model], argument: str) -> str:
    table = f"{{schema}}{model._meta.db_table}"
    columns = ", ".join(f'"{column}"' for column, _ in _columns(model))
    return (
        f"INSERT INTO {table} ({columns}) SELECT {columns} "  # noqa: S608 (as above)
        f"FROM json_populate_recordset(NULL::{table}, %({argument})s::json)"
    )


@cache
def _columns(model: type[models.Model]) -> list[tuple[str, str]]:
    """Columns, each with the attribute that holds its value; PostgreSQL counts ids."""
    fields: list[Any] = list(model._meta.concrete_fields)
    return [
        (str(field.column), str(field.attname))
        for field in fields
        if not isinstance(field, models.AutoField)
    ]


def _rows(rows: Iterable[models.Model]) -> str:
    return _json(
        [
            {column: getattr(row, name) for column, name in _columns(type(row))}
            for row in rows
        ]
    )


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=_text).decode()


def _text(value: Any) -> str:
    """Write what JSON has no way for."""
    if isinstance(value, Range):
        return f"[{value.lower},{value.upper})"
    return str(value)
