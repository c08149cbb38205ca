"""The day that an address asks for, and what to say if it cannot be shown."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from bookings.pages.refusals import Refusal

_FARTHEST = timedelta(days=2 * 366)


@dataclass(frozen=True)
class Asked:
    """A day that can be shown, or none: then the first one with times is."""

    day: date | None
    note: Refusal | None = None


def asked_day(raw: str, today: date) -> Asked:
    """Read a day (YYYY-MM-DD) as it stands in an address.

    Args:
        raw: whatever was asked for; may be empty.
        today: on the clock of the place. A page may stay open over midnight, so that a
            day that is over is no mistake.
    """
    if not raw:
        return Asked(None)
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        text = _("We could not read the date. Here is the first day with times.")
        return Asked(None, Refusal(text, 400))
    if day - today > _FARTHEST:
        text = _("We look two years ahead at most. Here is the first day with times.")
        return Asked(None, Refusal(text, 400))
    if day < today:
        return Asked(today, Refusal(_("That day is over. Here is today."), 200))
    return Asked(day)
