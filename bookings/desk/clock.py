"""Times as staff read them: on the clock of the place, which is named."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bookings.timetable import Interval, day_bounds


def wall(instant: datetime, zone: str) -> str:
    """Say an instant on the clock of `zone`: `Thu 12 Mar 2026, 10:40 GMT (London)`."""
    local = instant.astimezone(ZoneInfo(zone))
    return _("%(day)s, %(time)s") % {
        "day": date_format(local, "D j M Y"),
        "time": f"{local:%H:%M} {named(local)}",
    }


def named(local: datetime) -> str:
    """Name the zone of a local time: `GMT (London)`, `UTC+03 (Istanbul)`."""
    name = local.tzname() or ""
    if name[:1] in "+-":
        name = f"UTC{name}"
    place = city(getattr(local.tzinfo, "key", name))
    return name if place == name else f"{name} ({place})"


def city(zone: str) -> str:
    """The part of a zone's name that people know: `New York`."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def here(instant: datetime | None) -> str:
    """Say an instant on the clinic's clock, which the admin runs on; `–` for none."""
    if instant is None:
        return "–"
    return wall(instant, timezone.get_current_timezone_name())


def days(first: date, number: int = 1) -> Interval:
    """The instants between which some days lie, on the clinic's clock."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    start, _end = day_bounds(first, zone)
    return start, day_bounds(first + timedelta(days=number - 1), zone)[1]
