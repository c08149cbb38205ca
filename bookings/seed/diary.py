"""The demo clinics' appointments: some days behind, a week or more ahead.

Every one is booked by the same action as a patient's, at an earlier `now` where the
visit lies in the past. What is taken already (by a run that was killed) is passed over.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle

from bookings.actions import appointments, visits
from bookings.errors import BookingError
from bookings.models import (
    Appointment,
    AppointmentChange,
    Doctor,
    Patient,
    Service,
    Slot,
)
from bookings.seed.content import DemoClinic

SEED = Appointment.Via.SEED
Kind = AppointmentChange.Kind
_BEHIND, _AHEAD, _FULL_AHEAD = timedelta(days=3), timedelta(days=6), timedelta(days=9)
_NEARLY_FULL = 9
_REASONS = ("", "", "A cough that does not go away", "Blood results", "Knee pain")


def keep(demo: DemoClinic, *, now: datetime) -> None:
    """Write the appointments of the current clinic, as seen at `now`."""
    # Who was missed yesterday leaves room that a repeat would fill once more.
    since = now if _is_past_written() else now - _BEHIND
    _of_patients(demo, now)
    guests = cycle(_guests(demo))
    reasons = cycle(_REASONS)
    for clinician in demo.clinicians:
        doctor = Doctor.objects.get(slug=clinician.slug)
        services = cycle(doctor.services.all())
        for slot in _share(doctor, clinician.booked_of_ten, now):
            wish, guest, reason = next(services), next(guests), next(reasons)
            is_free = Slot.objects.filter(pk=slot.pk, appointment=None).exists()
            if is_free and slot.start >= since:
                _book(slot, guest, now, service=wish, reason=reason)
    _close_what_is_over(now)


def _is_past_written() -> bool:
    """Whether a run before got as far as `_close_what_is_over`."""
    closed = (Appointment.Status.COMPLETED, Appointment.Status.NO_SHOW)
    return Appointment.objects.filter(booked_via=SEED, status__in=closed).exists()


def _close_what_is_over(now: datetime) -> None:
    """Mark past visits as done, and every ninth as missed."""
    steps = cycle([Kind.NO_SHOW, *[Kind.COMPLETED] * 8])
    over = Appointment.objects.filter(status=Appointment.Status.BOOKED, end__lt=now)
    for appointment in over.filter(booked_via=SEED).order_by("start", "id"):
        is_missed = appointment.patient.user_id is None and next(steps) == Kind.NO_SHOW
        visits.mark(
            appointment_id=appointment.pk,
            step=Kind.NO_SHOW if is_missed else Kind.COMPLETED,
            by=None,
            via=SEED,
            now=appointment.end,
        )


def _of_patients(demo: DemoClinic, now: datetime) -> None:
    """Give each demo patient a visit behind and one ahead, the child one as well."""
    doctor = Doctor.objects.get(slug=demo.clinicians[0].slug)
    people = Patient.objects.filter(user__isnull=False) | Patient.objects.filter(
        guardian__isnull=False
    )
    for number, patient in enumerate(people.order_by("created_at")):
        if patient.appointments.exists():
            continue
        ahead = doctor.slots.filter(start__gt=now + timedelta(days=2 + number))
        behind = doctor.slots.filter(start__lt=now).order_by("-start")
        _first_that_fits(list(ahead.order_by("start")[3:12]), patient, now)
        if patient.user_id:
            _first_that_fits(list(behind[4 + number : 12]), patient, now)


def _first_that_fits(slots: list[Slot], patient: Patient, now: datetime) -> None:
    for slot in slots:
        if _book(slot, patient, now):
            return


def _guests(demo: DemoClinic) -> list[Patient]:
    known = {p.name: p for p in Patient.objects.filter(user=None, guardian=None)}
    return [
        known.get(name) or Patient.objects.create(name=name, language=demo.language)
        for name in demo.guests
    ]


def _share(doctor: Doctor, of_ten: int, now: datetime) -> Iterator[Slot]:
    """Pick `of_ten` tenths of a doctor's near slots, spread over each day."""
    ahead = _FULL_AHEAD if of_ten >= _NEARLY_FULL else _AHEAD
    near = doctor.slots.filter(
        start__gt=now - _BEHIND, start__lt=now + ahead, blocked_by=""
    )
    # Steps of 7 in 10 visit every remainder: a fixed pattern that looks like none.
    for number, slot in enumerate(near.order_by("start")):
        if number * 7 % 10 < of_ten:
            yield slot


def _book(
    slot: Slot,
    patient: Patient,
    now: datetime,
    *,
    service: Service | None = None,
    reason: str = "",
) -> bool:
    """Book, as if a day or more ahead; say whether it could be had."""
    try:
        appointments.book(
            slot_id=slot.pk,
            patient=patient,
            by=None,
            via=SEED,
            service=service,
            as_staff=True,
            reason=reason,
            language=patient.language,
            now=min(now, slot.start - timedelta(days=1)),
        )
    except BookingError:
        return False
    return True
