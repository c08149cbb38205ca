"""What is asked for in the query string: ids, statuses, ranges of time.

Dates are days in the clinic's zone, `to` inclusive; instants say their offset.
"""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from bookings.api.formats import as_uuid
from bookings.timetable import day_bounds, wall_time

Interval = tuple[datetime, datetime]
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII
)
LONGEST = timedelta(days=62)
USUAL = timedelta(days=7)


def id_in(request: Request, name: str) -> UUID | None:
    """Read a filter by id; None when it is not there.

    Raises:
        ValidationError: it is no id.
    """
    told = request.query_params.get(name)
    if told is None:
        return None
    try:
        return as_uuid(told)
    except ValueError as error:
        raise ValidationError({name: [_("This is not an id.")]}) from error


def choice_in(request: Request, name: str, choices: Collection[str]) -> str | None:
    """Read a filter that is one of some words; None when it is not there.

    Raises:
        ValidationError: it is another word.
    """
    told = request.query_params.get(name)
    if told is None or told in choices:
        return told
    words = ", ".join(choices)
    raise ValidationError({name: [_("Use one of: %(words)s.") % {"words": words}]})


def coming_range(request: Request, zone: ZoneInfo, today: date) -> Interval:
    """Read `from` and `to` where times are searched; by default today and six days more.

    Args:
        today: the day in the zone.

    Raises:
        ValidationError: not dates or instants, backwards, too long, or outside today
            and two years from now.
    """
    earliest = day_bounds(today, zone)[0]
    latest = day_bounds(_in_two_years(today), zone)[1]
    start = _bound(request, "from", zone) or earliest
    _check_within(earliest, start, latest, "from")
    end = _bound(request, "to", zone) or min(_later(start, USUAL, zone), latest)
    _check_within(earliest, end, latest, "to")
    _check_order(start, end)
    if end > max(start + LONGEST, _later(start, LONGEST, zone)):
        raise ValidationError({"to": [_("Search at most 62 days at once.")]})
    return start, end


def any_range(
    request: Request, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """Read `from` and `to` where there may be history; either may be left open.

    Raises:
        ValidationError: not dates or instants, or backwards.
    """
    start, end = _bound(request, "from", zone), _bound(request, "to", zone)
    if start and end:
        _check_order(start, end)
    return start, end


def _bound(request: Request, name: str, zone: ZoneInfo) -> datetime | None:
    """Read one end of a range: the instant from which, or before which, times start."""
    told = request.query_params.get(name)
    if told is None:
        return None
    told = told.replace(" ", "+")  # a plus that was not escaped
    try:
        if _DATE.fullmatch(told):
            return day_bounds(date.fromisoformat(told), zone)[name == "to"]
        if _INSTANT.fullmatch(told):
            return datetime.fromisoformat(told).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    detail = _("Use a date such as 2026-11-30, or an instant such as %(instant)s.")
    raise ValidationError({name: [detail % {"instant": "2026-11-30T09:00:00Z"}]})


def _check_within(
    earliest: datetime, bound: datetime, latest: datetime, name: str
) -> None:
    if not earliest <= bound <= latest:
        detail = _("Search between today and two years from now.")
        raise ValidationError({name: [detail]})


def _check_order(start: datetime, end: datetime) -> None:
    if end < start:
        raise ValidationError({"to": [_("This is before “from”.")]})


def _later(start: datetime, length: timedelta, zone: ZoneInfo) -> datetime:
    """Go on by whole days on the clock of the zone, which may skip or repeat an hour."""
    later = wall_time(start, zone) + length
    return later.replace(tzinfo=zone).astimezone(UTC)


def _in_two_years(day: date) -> date:
    leap = day.month == 2 and day.day == 29
    return day.replace(year=day.year + 2, day=28 if leap else day.day)
