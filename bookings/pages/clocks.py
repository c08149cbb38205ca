"""Whose clock: times are the place's; a viewer elsewhere may see their own beside it."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlencode
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.names import is_zone

COOKIE = "tz"  # written by the page's script


@dataclass(frozen=True)
class Clocks:
    """The clock of the place, and the viewer's own where it is known."""

    place: ZoneInfo
    mine: ZoneInfo | None
    shows_both: bool
    moment: datetime

    @property
    def differ(self) -> bool:
        return self.mine is not None and self._offset_minutes() != 0

    @property
    def difference(self) -> str:
        """Say how far the viewer's clock is from the place's."""
        minutes = self._offset_minutes()
        hours, rest = divmod(abs(minutes), 60)
        if rest:
            far = _("%(hours)d:%(minutes)02d hours") % {"hours": hours, "minutes": rest}
        else:
            far = ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
        words = (
            _("Yours is %(far)s ahead.")
            if minutes > 0
            else _("Yours is %(far)s behind.")
        )
        return words % {"far": far}

    @property
    def second(self) -> ZoneInfo | None:
        """The zone to show beside the place's, if both are to be shown."""
        return self.mine if self.shows_both else None

    @property
    def query(self) -> str:
        """What keeps both clocks shown, to be added to an address."""
        if self.second is None:
            return ""
        return f"&{urlencode({'clock': 'mine', 'tz': str(self.second)})}"

    @property
    def choices(self) -> list[str]:
        return sorted(name for name in available_timezones() if "/" in name)

    def _offset_minutes(self) -> int:
        if self.mine is None:
            return 0
        here = self.moment.astimezone(self.place).utcoffset()
        there = self.moment.astimezone(self.mine).utcoffset()
        if here is None or there is None:
            return 0
        return int((there - here).total_seconds() // 60)


def city_of(zone: ZoneInfo | str) -> str:
    """Name a clock by its city: New York for America/New_York."""
    return str(zone).rsplit("/", 1)[-1].replace("_", " ")


def clocks_of(request: HttpRequest, place: ZoneInfo, moment: datetime) -> Clocks:
    """Read the viewer's wish: `?clock=mine`, and `?tz=` or the cookie for the zone."""
    chosen = _zone(request.GET.get("tz", "")) or _zone(
        unquote(request.COOKIES.get(COOKIE, ""))
    )
    return Clocks(place, chosen, request.GET.get("clock") == "mine", moment)


def _zone(name: str) -> ZoneInfo | None:
    try:
        is_zone(name)
    except ValidationError:
        return None
    return ZoneInfo(name)
