"""Fills a clinic for load tests: many plain doctors, times and patients who log in."""

from dataclasses import dataclass
from datetime import datetime, time

from django.db.models import F
from django.db.models.functions import Greatest

from accounts.models import User
from bookings import locking
from bookings.actions import slots
from bookings.models import (
    Doctor,
    Location,
    Patient,
    Practice,
    Service,
    Slot,
    WorkingHours,
)
from bookings.seed.filling import address, password_hash
from tenants.context import current_clinic

OPENS, CLOSES = time(8), time(18)
SLOT_MINUTES = 15


@dataclass(frozen=True)
class Load:
    """What a filled clinic has for the load test, what was there before included."""

    doctors: int
    slots: int
    patients: int


def fill(
    *,
    doctors: int,
    days: int,
    patients: int,
    slot_minutes: int = SLOT_MINUTES,
    now: datetime | None = None,
) -> Load:
    """Bring the current clinic to at least that many; safe to repeat.

    Args:
        doctors: each works every day from 8 to 18.
        days: how many days have published times, today included.
        patients: `load1@<slug>.example` and so on, with the demo password.
        slot_minutes: how long each time is, if the doctor is new.
    """
    now = now or locking.clock()
    _practice(days)
    place, service = _place(), _service()
    staff = [
        _doctor(number, place, service, slot_minutes)
        for number in range(1, doctors + 1)
    ]
    slots.publish(staff, days=days, now=now)
    _patients(patients)
    return Load(
        doctors=len(staff),
        slots=Slot.objects.filter(doctor__in=staff, start__gte=now).count(),
        patients=Patient.objects.filter(user__email__in=_addresses(patients)).count(),
    )


def _practice(days: int) -> None:
    """No rule of the clinic may stand in the way of a load test."""
    Practice.objects.get_or_create(pk=1)
    Practice.objects.filter(pk=1).update(
        horizon_days=Greatest(F("horizon_days"), min(days, 730)),
        max_open_appointments=500,
        notice_minutes=0,
        cutoff_minutes=0,
    )


def _place() -> Location:
    place, _ = Location.objects.get_or_create(
        name="Load test",
        defaults={"address": "1 Test Street", "timezone": current_clinic().timezone},
    )
    return place


def _service() -> Service:
    service, _ = Service.objects.get_or_create(
        slug="load-test",
        defaults={"name": "Load test", "duration_minutes": SLOT_MINUTES},
    )
    return service


def _doctor(
    number: int, place: Location, service: Service, slot_minutes: int
) -> Doctor:
    doctor, _ = Doctor.objects.get_or_create(
        slug=f"load-{number}",
        defaults={
            "name": f"Load {number}",
            "specialty": "Load test",
            "timezone": place.timezone,
            "location": place,
            "default_service": service,
            "position": 1000 + number,
        },
    )
    doctor.services.add(service)
    for weekday in WorkingHours.Weekday.values:
        WorkingHours.objects.get_or_create(
            doctor=doctor,
            weekday=weekday,
            opens=OPENS,
            closes=CLOSES,
            defaults={"slot_minutes": slot_minutes, "location": place},
        )
    return doctor


def _patients(count: int) -> None:
    wanted = _addresses(count)
    known = set(User.objects.filter(email__in=wanted).values_list("email", flat=True))
    users = [
        User(
            email=email,
            name=f"Load {number}",
            role=User.Role.PATIENT,
            password=password_hash(),
        )
        for number, email in enumerate(wanted, 1)
        if email not in known
    ]
    User.objects.bulk_create(users, batch_size=1000)
    without = User.objects.filter(email__in=wanted, patient=None)
    Patient.objects.bulk_create(
        [Patient(user=user, name=user.name, email=user.email) for user in without],
        batch_size=1000,
    )


def _addresses(count: int) -> list[str]:
    return [address(f"load{number}") for number in range(1, count + 1)]
