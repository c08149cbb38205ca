"""The nearest new time for a visit that lost its own."""

from datetime import datetime, timedelta

from bookings.actions import claims
from bookings.actions.claims import Wish
from bookings.availability import offers
from bookings.models import Appointment, Doctor, Practice, Slot

# How far from its old time a new one is looked for: near first, which is most often it.
NEAR, FAR = timedelta(days=14), timedelta(days=42)
_DAY = timedelta(days=1)


def nearest(visit: Appointment, now: datetime) -> Wish | None:
    """The free start of the same doctor that is nearest to the old one."""
    doctor = Doctor.objects.prefetch_related("services").get(pk=visit.doctor_id)
    for around in (NEAR, FAR):
        free = _free_starts(visit, doctor, around, now)
        for slot in sorted(free, key=lambda slot: abs(slot.start - visit.start)):
            slot.doctor = doctor
            wish = Wish(
                slot,
                visit.service,
                Practice.load(),
                as_staff=True,
                patient=visit.patient,
                moving=visit,
            )
            if not claims.patient_is_busy(wish):
                return wish
    return None


def _free_starts(
    visit: Appointment, doctor: Doctor, around: timedelta, now: datetime
) -> list[Slot]:
    first, last = max(visit.start - around, now), visit.start + around
    busy = claims.busy_times(doctor, first - _DAY, last + _DAY, moving=visit)
    near = Slot.objects.between(first, last).filter(doctor=doctor)
    rows = list(near.select_related("location"))
    judged = offers(
        [row.facts(my_appointment=visit.pk) for row in rows],
        visit=claims.visit_of(visit.service, doctor),
        policy=claims.policy_of(Practice.load(), visit.service, as_staff=True),
        busy=busy,
        now=now,
    )
    return [row for row, offer in zip(rows, judged, strict=True) if offer.is_free]
