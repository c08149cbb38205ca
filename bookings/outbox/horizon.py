"""Whether the published slots still reach as far ahead as the clinic wants."""

from datetime import date, datetime, timedelta
from uuid import UUID

from bookings.models import Practice, Slot, WorkingHours

_WEEK = timedelta(days=7)


def is_behind(now: datetime) -> bool:
    """Whether, in the last week up to the current clinic's horizon, a slot is missing.

    Looks only at days on which a doctor works: each is to have at least one slot. Time
    off may make it say yes without need: publishing is idempotent.
    """
    ahead = timedelta(days=Practice.load().horizon_days)
    published = set(
        Slot.objects.filter(start__gt=now + ahead - 2 * _WEEK).values_list(
            "doctor", "day"
        )
    )
    return any(
        day not in published
        for hours in WorkingHours.objects.filter(doctor__is_active=True).select_related(
            "doctor"
        )
        for day in _last_days(hours, now.astimezone(hours.doctor.zone).date() + ahead)
    )


def _last_days(hours: WorkingHours, last: date) -> list[tuple[UUID, date]]:
    """The last day, up to `last`, that these hours apply to."""
    day = last - timedelta(days=(last.weekday() - hours.weekday) % 7)
    is_valid = (hours.valid_from is None or hours.valid_from <= day) and (
        hours.valid_to is None or day <= hours.valid_to
    )
    return [(hours.doctor_id, day)] if is_valid else []
