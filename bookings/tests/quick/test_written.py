"""One booking is written by another statement than many at once, but not otherwise."""

import pytest

from bookings.models import Appointment, AppointmentChange, OutboxMessage, Patient
from bookings.tests.quick.asking import Program, ask

OWN = {"id", "reference", "start", "end", "occupied", "wall_start", "original_slots"}
OWN |= {"patient_id", "created_at", "appointment_id", "at", "change_id", "due_at"}
OWN |= {"name", "email"}


def _guest(number):
    return {"name": f"Can {number}", "email": f"can{number}@mail.example"}


@pytest.mark.parametrize("reason", ["", 'a "b" \\ c, {d}, Zoë 東京'])
def test_rows_are_the_same_whoever_else_books(committed, slots, reason):
    asks = Program(committed)
    questions = [
        asks.booking({"slot": str(slot.pk), "patient": _guest(n), "reason": reason})
        for n, slot in enumerate(slots[:3])
    ]

    replies = [*ask(questions[:1]), *ask(questions[1:])]

    assert [(r.status, r.by_django) for r in replies] == [(201, False)] * 3
    alone, *together = [_written(slot) for slot in slots[:3]]
    assert together == [alone] * 2
    assert alone[1]["reason"] == reason


def _written(slot):
    slot.refresh_from_db()
    visit = slot.appointment
    change = AppointmentChange.objects.get(appointment=visit)
    assert (visit.start, visit.end) == (slot.start, slot.end)
    assert (visit.occupied.lower, visit.occupied.upper) == (slot.start, slot.end)
    assert visit.original_slots == [slot.pk]
    rows = [
        Patient.objects.filter(pk=visit.patient_id),
        Appointment.objects.filter(pk=visit.pk),
        AppointmentChange.objects.filter(pk=change.pk),
        OutboxMessage.objects.filter(change=change),
    ]
    return [_shared(rows_of.values().get()) for rows_of in rows] + [slot.version]


def _shared(row):
    return {name: value for name, value in row.items() if name not in OWN}
