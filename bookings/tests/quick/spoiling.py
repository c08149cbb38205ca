"""Ways in which a time cannot be had."""

from datetime import timedelta

import psycopg
from psycopg.types.range import Range

from bookings.actions.crowd import booking
from bookings.availability import Offer
from bookings.models import Appointment, Slot
from bookings.tests import make
from bookings.tests.processes import database_url


def taken(slot):
    other = make.patient()
    made = make_visit(slot, other)
    Slot.objects.filter(pk=slot.pk).update(appointment=made)


def make_visit(slot, patient, **fields):
    return Appointment.objects.create(
        doctor=slot.doctor,
        service=slot.doctor.default_service,
        location=slot.location,
        patient=patient,
        start=fields.pop("start", slot.start),
        end=fields.pop("end", slot.end),
        occupied=fields.pop("occupied", Range(slot.start, slot.end, "[)")),
        wall_start="",
        zone="UTC",
        original_slots=[slot.pk],
        **fields,
    )


def held(slot):
    far = slot.start - timedelta(days=1)
    Slot.objects.filter(pk=slot.pk).update(held_until=far)


def block(by):
    return lambda slot: Slot.objects.filter(pk=slot.pk).update(blocked_by=by)


def busy_doctor(slot):
    """An appointment off the grid, that has no slot any more."""
    make_visit(slot, make.patient(), end=slot.start + timedelta(minutes=5))


def service(**fields):
    return lambda slot: slot.doctor.services.update(**fields)


def long_ago(slot):
    month = timedelta(days=30)
    past = {"start": slot.start - month, "end": slot.end - month}
    Slot.objects.filter(pk=slot.pk).update(**past)


def no_longer_offered(slot):
    slot.doctor.services.set([make.service()])


def everything_is_free(first, following, *, visit, **_rest):
    """The calculator, blind: what is left are the constraints."""
    return Offer(first.start, first.start + visit.length, (first,))


def connections_at_commit(monkeypatch):
    """The server ends the connection of each turn that is about to write."""
    write = booking._write

    async def killed(wire, turns):
        with psycopg.connect(database_url()) as another:
            pid = wire._pgconn.backend_pid
            another.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        await write(wire, turns)

    monkeypatch.setattr(booking, "_write", killed)
