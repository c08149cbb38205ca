"""Small words for the pages' templates: icons, clocks, names of days."""

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bookings import agenda
from bookings.pages.clocks import city_of
from bookings.pages.languages import language_name

register = template.Library()


@register.simple_tag
def icon(name: str, *, flip: bool = False) -> SafeString:
    """Draw an icon of `icons.svg`; `flip` turns it where text runs right to left."""
    return _icon(name, flip=flip)


@cache
def _icon(name: str, *, flip: bool) -> SafeString:
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        " flip" if flip else "",
        static("img/icons.svg"),
        name,
    )


@register.filter
def clock(moment: datetime) -> str:
    """Write the time of day as the language does: 14:20 or 2:20 PM."""
    return agenda.clock_time(moment)


@register.filter
def seen_from(moment: datetime, zone: ZoneInfo) -> str:
    """Write the time of day on another clock, with its weekday if that differs."""
    there = moment.astimezone(zone)
    if there.date() == moment.date():
        return agenda.clock_time(there)
    # A date: Django turns datetimes into its own zone before it writes them.
    return f"{date_format(there.date(), 'D')} {agenda.clock_time(there)}"


@register.filter
def day_name(day: date) -> str:
    """Name a day: Thursday 12 March."""
    return date_format(day, "MONTH_DAY_FORMAT")


@register.filter
def near_day_name(day: date, today: date) -> str:
    """Name a day as people do: today, tomorrow, else Thursday 12 March."""
    if day == today:
        return _("Today")
    if day == today + timedelta(days=1):
        return _("Tomorrow")
    return day_name(day)


@register.filter
def city(zone: ZoneInfo | str) -> str:
    """Name a clock by its city: New York for America/New_York."""
    return city_of(zone)


@register.filter
def countdown(seconds: float) -> str:
    """Write seconds that are left: 4:32."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    return f"{minutes}:{rest:02}"


@register.filter
def duration(seconds: float) -> str:
    """Write seconds for machines (ISO 8601): PT4M32S."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    return f"PT{minutes}M{rest}S"


@register.filter
def phone_link(number: str) -> str:
    """Make a telephone number something to press."""
    return "tel:" + "".join(sign for sign in number if sign in "+0123456789")


@register.filter
def language_names(codes: list[str]) -> str:
    """Name languages, each in itself."""
    return ", ".join(language_name(code) for code in codes)
