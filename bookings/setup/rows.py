"""The rows that the set-up makes, and edits when a step is done once more.

They are the clinic's first: whoever repeats a step, in another tab or next week, finds
what is there instead of making it twice.
"""

from datetime import timedelta
from functools import reduce
from math import gcd

from bookings.models import Appointment, Doctor, Location, Practice, WorkingHours
from bookings.setup.steps import Step, close
from bookings.setup.week import Week, week_of
from tenants.context import current_clinic

# A grid finer than this shows patients too many times, a coarser one too few.
_SHORTEST, _LONGEST = 10, 60  # minutes


def locked_practice() -> Practice:
    """The clinic's settings, made if need be; two who set up wait for each other here."""
    Practice.objects.bulk_create([Practice(pk=1)], ignore_conflicts=True)
    return Practice.objects.select_for_update().get(pk=1)


def take_down(practice: Practice, step: Step, *fields: str) -> None:
    """Save these fields of the settings, and that the step is done."""
    close(practice, step)
    practice.save(update_fields=["setup_steps", *fields])


def first_place() -> Location | None:
    return Location.objects.order_by("-is_active", "pk").first()


def place_to_edit() -> Location:
    """The clinic's first place, or one that is not saved yet."""
    clinic = current_clinic()
    return first_place() or Location(name=clinic.name, timezone=clinic.timezone)


def first_doctor() -> Doctor | None:
    return Doctor.objects.order_by("-is_active", "pk").first()


def week_of_doctor(doctor: Doctor) -> Week | None:
    """The doctor's hours; none if they are more than a simple week (or nothing)."""
    return week_of(WorkingHours.objects.filter(doctor=doctor))


def write_hours(doctor: Doctor, week: Week) -> None:
    """Give the doctor these hours; rows that stay the same are left alone."""
    known = {
        (row.weekday, row.opens, row.closes): row
        for row in WorkingHours.objects.filter(doctor=doctor)
    }
    wanted = week.blocks()
    gone = [row.pk for block, row in known.items() if block not in wanted]
    WorkingHours.objects.filter(pk__in=gone).delete()
    minutes = _slot_minutes(doctor, list(known.values()))
    WorkingHours.objects.filter(doctor=doctor).exclude(slot_minutes=minutes).update(
        slot_minutes=minutes
    )
    WorkingHours.objects.bulk_create(
        WorkingHours(
            doctor=doctor,
            location=doctor.location,
            weekday=weekday,
            opens=opens,
            closes=closes,
            slot_minutes=minutes,
        )
        for weekday, opens, closes in wanted
        if (weekday, opens, closes) not in known
    )


def _slot_minutes(doctor: Doctor, known: list[WorkingHours]) -> int:
    """A length that all visits are multiples of; kept once patients have booked."""
    if known and Appointment.objects.filter(doctor=doctor).exists():
        return known[0].slot_minutes
    lengths = [
        (each.before + each.length + each.after) // timedelta(minutes=1)
        for each in doctor.services.filter(is_active=True)
    ]
    return min(max(reduce(gcd, lengths, 0), _SHORTEST), _LONGEST)
