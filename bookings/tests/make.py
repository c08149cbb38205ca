"""Makes what tests need, with believable defaults; everything can be said otherwise."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User
from bookings.actions import appointments
from bookings.models import (
    Appointment,
    Doctor,
    Location,
    Patient,
    Practice,
    Service,
    Slot,
    WorkingHours,
)

PASSWORD = "demo-password-1234"
_numbers = count(1)


def practice(**fields: Any) -> Practice:
    """Save the clinic's settings; by default the rules get in nobody's way."""
    defaults = {"notice_minutes": 0, "cutoff_minutes": 60, "phone": "020 7946 0118"}
    made, _ = Practice.objects.update_or_create(pk=1, defaults=defaults | fields)
    return made


def user(*, role: str = "patient", email: str = "", **fields: Any) -> User:
    n = next(_numbers)
    fields = {"name": f"Person {n}", "password": PASSWORD} | fields
    email = email or f"{role}{n}@riverside.example"
    return User.objects.create_user(email=email, role=role, **fields)


def location(**fields: Any) -> Location:
    defaults = {
        "name": "Main building",
        "address": "14 Mill Lane, London SE1 9PF",
        "timezone": "Europe/London",
    }
    return Location.objects.create(**defaults | fields)


def service(*, minutes: int = 20, **fields: Any) -> Service:
    n = next(_numbers)
    defaults = {"name": f"Consultation {n}", "slug": f"consultation-{n}"}
    return Service.objects.create(duration_minutes=minutes, **defaults | fields)


def doctor(*, services: Sequence[Service] = (), **fields: Any) -> Doctor:
    """A doctor in London who offers `services`, the first of them by default."""
    n = next(_numbers)
    offered = list(services) or [service()]
    zone = fields.get("timezone", "Europe/London")
    place = fields.pop("location", None) or location(timezone=zone)
    defaults = {
        "slug": f"doctor-{n}",
        "title": "Dr",
        "name": f"Amara Okonkwo {n}",
        "specialty": "General practice",
        "languages": ["en"],
        "timezone": zone,
        "location": place,
        "default_service": offered[0],
    }
    made = Doctor.objects.create(**defaults | fields)
    made.services.set(offered)
    return made


def hours(for_doctor: Doctor, **fields: Any) -> WorkingHours:
    defaults = {
        "weekday": 0,
        "opens": time(9),
        "closes": time(17),
        "slot_minutes": 20,
        "location": for_doctor.location,
    }
    return WorkingHours.objects.create(doctor=for_doctor, **defaults | fields)


def slots(
    for_doctor: Doctor,
    *,
    start: datetime | None = None,
    number: int = 6,
    minutes: int = 20,
    **fields: Any,
) -> list[Slot]:
    """Consecutive slots, by default from 09:00 on the doctor's clock, in a week."""
    first = start or at(for_doctor, next_week(for_doctor), time(9))
    length = timedelta(minutes=minutes)
    return [
        Slot.objects.create(
            doctor=for_doctor,
            location=for_doctor.location,
            start=first + n * length,
            end=first + (n + 1) * length,
            day=(first + n * length).astimezone(for_doctor.zone).date(),
            **fields,
        )
        for n in range(number)
    ]


def next_week(for_doctor: Doctor) -> date:
    """A day a week ahead on the doctor's calendar."""
    return (datetime.now(UTC) + timedelta(days=7)).astimezone(for_doctor.zone).date()


def at(for_doctor: Doctor, day: date, wall: time) -> datetime:
    """The instant at which the doctor's clock shows a time of a day."""
    local = datetime.combine(day, wall, tzinfo=ZoneInfo(for_doctor.timezone))
    return local.astimezone(UTC)


def patient(**fields: Any) -> Patient:
    n = next(_numbers)
    defaults = {"name": f"Elif Kaya {n}", "email": f"elif{n}@mail.example"}
    return Patient.objects.create(**defaults | fields)


def new_patient(**fields: Any) -> Patient:
    """A guest: not saved yet."""
    n = next(_numbers)
    return Patient(**{"name": f"Guest {n}", "email": f"guest{n}@mail.example"} | fields)


def booked(slot: Slot) -> Appointment:
    """The visit of somebody new, who books a time on the clinic's pages."""
    return appointments.book(
        slot_id=slot.pk, patient=new_patient(), by=None, via=Appointment.Via.PAGE
    )
