"""Dates and times in words, on the clock of a place, for messages."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import dateformat, translation
from django.utils.translation import gettext as _

from bookings import timetable

_DEFAULT = "l j F Y, H:i"
_FORMATS = {"en-us": "l, F j, Y, g:i A"}


def when(instant: datetime, timezone: str) -> str:
    """Say an instant on the clock of a zone: “Thursday 12 March 2026, 10:40 London time”.

    In the hour that the clock shows twice, its offset is said as well.
    """
    zone = ZoneInfo(timezone)
    local = instant.astimezone(zone)
    style = _FORMATS.get(translation.get_language() or "", _DEFAULT)
    clock = dateformat.format(local, style)
    city = timezone.rsplit("/", 1)[-1].replace("_", " ")
    said = _("%(clock)s %(city)s time") % {"clock": clock, "city": city}
    if len(timetable.instants(timetable.wall_time(instant, zone), zone)) > 1:
        said += f" (UTC{_offset(local)})"
    return said


def _offset(local: datetime) -> str:
    text = f"{local:%z}"
    return f"{text[:3]}:{text[3:5]}"
