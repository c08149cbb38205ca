"""The time zones that a form offers, by part of the world."""

from functools import cache
from zoneinfo import available_timezones

# Where people live; what else the database has are old names and fixed offsets.
_AREAS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@cache
def by_area() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return IANA names with what to show for them, grouped as `<optgroup>` wants it."""
    names = sorted(available_timezones())
    groups = [
        (area, [(name, _shown(name)) for name in names if name.startswith(f"{area}/")])
        for area in _AREAS
    ]
    return [*groups, ("UTC", [("UTC", "UTC")])]


def _shown(name: str) -> str:
    _area, _slash, place = name.partition("/")
    return place.replace("_", " ").replace("/", ", ")
