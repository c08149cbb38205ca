"""Public holidays: from a library into rows that staff can see, rename and open."""

import logging
from datetime import date

from django.conf import settings
from holidays import HolidayBase, country_holidays

from bookings.models import Holiday, Practice

logger = logging.getLogger(__name__)


def keep_up(practice: Practice, *, first: date, last: date) -> None:
    """Have a row for each public holiday from `first` to `last`.

    Days that are there stay as they are. Coming days of a calendar that the clinic no
    longer follows go, unless staff have opened them.
    """
    calendar = name_of(practice)
    others = Holiday.objects.exclude(calendar__in=["", calendar])
    others.filter(day__gte=first, is_open=False).delete()
    if not calendar:
        return
    try:
        found = _of(practice, range(first.year, last.year + 1))
    except NotImplementedError:  # a newer library may know other regions
        logger.warning("no holidays are known of %s", calendar)
        return
    rows = [
        Holiday(day=day, name=name[:120], calendar=calendar)
        for day, name in sorted(found.items())
        if first <= day <= last
    ]
    Holiday.objects.bulk_create(rows, ignore_conflicts=True)


def name_of(practice: Practice) -> str:
    """Name the calendar that the clinic follows, as ISO 3166-2 does: `GB-ENG`."""
    parts = (practice.holiday_country, practice.holiday_region)
    return "-".join(part for part in parts if part)


def _of(practice: Practice, years: range) -> HolidayBase:
    country, region = practice.holiday_country, practice.holiday_region or None
    known = country_holidays(country, subdiv=region)
    spoken = settings.LANGUAGE_CODE.replace("-", "_").lower()
    language = next(
        (each for each in known.supported_languages if each.lower() == spoken), None
    )
    return country_holidays(country, subdiv=region, years=years, language=language)
