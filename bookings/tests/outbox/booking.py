"""The short way to a booking, for tests about what it sets off."""

from datetime import datetime, timedelta
from typing import Any

from bookings.actions import appointments
from bookings.models import Appointment, Patient, Slot
from bookings.tests import make

PAGE = Appointment.Via.PAGE


def book(
    slot: Slot | None = None, *, patient: Patient | None = None, **wishes: Any
) -> Appointment:
    chosen = slot or make.slots(make.doctor(), number=1)[0]
    return appointments.book(
        slot_id=chosen.pk,
        patient=patient or make.new_patient(),
        by=None,
        via=PAGE,
        **wishes,
    )


def cancel(appointment: Appointment) -> Appointment:
    return appointments.cancel(
        appointment_id=appointment.pk, by=None, via=PAGE, as_staff=True
    )


def slot_at(start: datetime, timezone: str) -> Slot:
    """A slot of 20 minutes at an instant, of a doctor in that zone."""
    doctor = make.doctor(timezone=timezone)
    return make.slots(doctor, start=start, number=1)[0]


def a_day_before(slot: Slot) -> datetime:
    return slot.start - timedelta(days=1)
