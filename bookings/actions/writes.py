"""The statements that write: one for all that a booking, or many at once, must write.

Written once, for a cursor of Django's (the clinic's schema is on its path) and for a
coroutine's connection (`{schema}` is filled in by `tenants.pools`). Rows travel as one
array per column, so a statement has the same text for one row and for hundreds.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from bookings.models import (
    Appointment,
    AppointmentChange,
    KeptAnswer,
    OutboxMessage,
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
    """Appointments, whose slots are theirs now, with history and messages."""
    return f"""
    WITH appointments AS ({_insert(Appointment)}),
    slots AS (
        UPDATE {{schema}}bookings_slot AS slot
        SET appointment_id = now.appointment, version = now.version,
            hold_id = NULL, held_until = NULL
        FROM unnest(%(slots)s::uuid[], %(takers)s::uuid[], %(versions)s::int[])
            AS now (slot, appointment, version)
        WHERE slot.id = now.slot
    ), history AS ({_insert(AppointmentChange)})
    {_insert(OutboxMessage)}
    """  # noqa: S608 (names of our own columns)


@cache
def answers_statement() -> str:
    """Answers to requests with a key, kept with what they did."""
    return f"{_insert(KeptAnswer)} ON CONFLICT DO NOTHING"


def arguments_of(done: Iterable["Done"]) -> Arguments:
    """Everything that `booking_statement` wants to know of bookings."""
    made = list(done)
    pairs = [(slot, each.appointment) for each in made for slot in each.slots]
    return {
        "slots": [slot.pk for slot, _ in pairs],
        "takers": [appointment.pk for _, appointment in pairs],
        "versions": [slot.version for slot, _ in pairs],
        **arrays([each.appointment for each in made], Appointment),
        **arrays([each.change for each in made], AppointmentChange),
        **arrays([each.message for each in made if each.message], OutboxMessage),
    }


def arrays(rows: Sequence[models.Model], model: type[models.Model]) -> Arguments:
    """One array for each column of the rows to insert."""
    return {
        _name(model, field): [_item(field, getattr(row, field.attname)) for row in rows]
        for field in _fields(model)
    }


def _insert(model: type[models.Model]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _fields(model))
    arrays = ", ".join(
        f"%({_name(model, field)})s::{_sent_as(field)}[]" for field in _fields(model)
    )
    items = ", ".join(
        f'new."{field.column}"::{field.db_type(connection)}' for field in _fields(model)
    )
    return (
        f"INSERT INTO {{schema}}{model._meta.db_table} ({columns}) "  # noqa: S608 (names of our own columns)
        f"SELECT {items} FROM unnest({arrays}) AS new ({columns})"
    )


@cache
def _fields(model: type[models.Model]) -> list[Any]:
    every: list[Any] = list(model._meta.concrete_fields)
    return [each for each in every if not isinstance(each, models.BigAutoField)]


def _name(model: type[models.Model], field: Any) -> str:
    return f"{model._meta.model_name}_{field.column}"


def _sent_as(field: Any) -> str:
    """Name the type in which a value is an item of an array: no array of arrays."""
    if isinstance(field, ArrayField | models.JSONField):
        return "text"
    return str(field.db_type(connection))


def _item(field: Any, value: Any) -> Any:
    if isinstance(field, ArrayField):
        return f"{{{','.join(str(each) for each in value)}}}"
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    return value
