"""Fills a clinic with its demo content; safe to repeat and to be killed half-way.

The clinic's settings are saved last: a clinic that has them was filled to the end, and
is left as its staff have changed it, with new times published.
"""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from django.contrib.auth.hashers import make_password

from accounts.models import User
from bookings import locking
from bookings.actions import slots
from bookings.models import (
    Doctor,
    Location,
    Patient,
    Practice,
    Service,
    TimeOff,
    WorkingHours,
)
from bookings.seed import diary
from bookings.seed.content import Clinician, DemoClinic, Person
from bookings.seed.portraits import draw
from tenants.context import current_clinic

PASSWORD = "demo-password-1234"  # noqa: S105 (published, for demo clinics only)
DAYS_AHEAD = 42
DAYS_BACK = 7  # so that the demo has a yesterday


def is_filled() -> bool:
    """Whether the current clinic was filled to the end before."""
    return Practice.objects.filter(pk=1).exists()


def fill(demo: DemoClinic, *, now: datetime | None = None) -> None:
    """Bring the current clinic's demo content to completion, as seen at `now`."""
    now = now or locking.clock()
    if is_filled():
        slots.publish(now=now)
        return
    place = _place(demo)
    services = _services(demo)
    for position, clinician in enumerate(demo.clinicians):
        _doctor(clinician, position, place, services)
    _accounts(demo)
    start = now - timedelta(days=DAYS_BACK)
    slots.publish(days=DAYS_BACK + DAYS_AHEAD + 1, now=start)
    _time_off(demo, now)
    slots.publish(days=DAYS_AHEAD + 1, now=now)
    diary.keep(demo, now=now)
    _practice(demo)


def address(mailbox: str) -> str:
    """The log-in of a demo person at the current clinic."""
    return f"{mailbox}@{current_clinic().slug}.example"


def _place(demo: DemoClinic) -> Location:
    place, _ = Location.objects.update_or_create(
        name=demo.place.name,
        defaults={
            "address": demo.place.address,
            "directions": demo.place.directions,
            "phone": demo.place.phone,
            "timezone": demo.timezone,
        },
    )
    return place


def _services(demo: DemoClinic) -> dict[str, Service]:
    made = {}
    for position, visit in enumerate(demo.visits):
        made[visit.slug], _ = Service.objects.update_or_create(
            slug=visit.slug,
            defaults={
                "name": visit.name,
                "description": visit.description,
                "bring": visit.bring,
                "mode": visit.mode,
                "duration_minutes": visit.minutes,
                "buffer_before_minutes": visit.before,
                "buffer_after_minutes": visit.after,
                "position": position,
            },
        )
    return made


def _doctor(
    clinician: Clinician, position: int, place: Location, services: dict[str, Service]
) -> None:
    offered = [services[slug] for slug in clinician.visits]
    doctor, _ = Doctor.objects.update_or_create(
        slug=clinician.slug,
        defaults={
            "title": clinician.title,
            "name": clinician.name,
            "specialty": clinician.specialty,
            "languages": list(clinician.languages),
            "bio": clinician.bio,
            "timezone": place.timezone,
            "location": place,
            "default_service": offered[0],
            "portrait_svg": draw(clinician.face),
            "position": position,
        },
    )
    doctor.services.set(offered)
    for block in clinician.hours:
        for weekday in block.weekdays:
            WorkingHours.objects.get_or_create(
                doctor=doctor,
                weekday=weekday,
                opens=block.opens,
                closes=block.closes,
                defaults={"slot_minutes": block.minutes, "location": place},
            )


def _accounts(demo: DemoClinic) -> None:
    roles = {role: _user(role, role, name) for role, name in demo.staff}
    first = demo.clinicians[0].slug
    Doctor.objects.filter(slug=first, user=None).update(user=roles["doctor"])
    for person in demo.patients:
        _patient(person, demo.language)


def _user(mailbox: str, role: str, name: str) -> User:
    """Get or make an account; one hash serves them all, since hashing is slow."""
    user, _ = User.objects.get_or_create(
        email=address(mailbox),
        defaults={"role": role, "name": name, "password": password_hash()},
    )
    if mailbox == "owner" and user.name != name:  # made with the clinic, under its name
        user.name = name
        user.save(update_fields=["name"])
    return user


@cache
def password_hash() -> str:
    return make_password(PASSWORD)


def _patient(person: Person, language: str) -> None:
    user = _user(person.mailbox, User.Role.PATIENT, person.name)
    patient, _ = Patient.objects.get_or_create(
        user=user,
        defaults={
            "name": person.name,
            "email": user.email,
            "phone": person.phone,
            "date_of_birth": person.born,
            "language": language,
        },
    )
    if person.child:
        name, born = person.child
        Patient.objects.get_or_create(
            guardian=patient,
            name=name,
            defaults={"date_of_birth": born, "language": language},
        )


def _time_off(demo: DemoClinic, now: datetime) -> None:
    """Send those away who are to have nothing free; their slots are withdrawn."""
    for clinician in demo.clinicians:
        doctor = Doctor.objects.get(slug=clinician.slug)
        if clinician.away_days and not doctor.time_off.exists():
            TimeOff.objects.create(
                doctor=doctor,
                start=now,
                end=now + timedelta(days=clinician.away_days),
                note="On leave",
            )


def _practice(demo: DemoClinic) -> None:
    hue, chroma = demo.brand
    logo = Path(__file__).parent / "logos" / f"{demo.slug}.svg"
    Practice.objects.update_or_create(
        pk=1,
        defaults={
            "tagline": demo.tagline,
            "phone": demo.place.phone,
            "opening_note": demo.opening_note,
            "emergency_note": demo.emergency_note,
            "brand_hue": hue,
            "brand_chroma": chroma,
            "logo_svg": logo.read_text().strip(),
            "horizon_days": DAYS_AHEAD,
            "cutoff_minutes": 12 * 60,
        },
    )
