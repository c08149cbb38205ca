"""What a page that is kept stands on: while nothing of that changes, it is true."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Min

from bookings import agenda
from bookings.actions import limits
from bookings.models import Doctor, Slot
from bookings.pages.day import DayPage
from tenants.http import ClinicRequest

# In the scope of a request whose answer is kept for others (`bookings.quick`).
KEPT = "slotwell.kept"
_MINUTE = timedelta(minutes=1)


def kept_by(request: ClinicRequest) -> dict[str, Any] | None:
    """Return what is to be told on what the answer stands, if somebody keeps it.

    Its keys are `until`: an instant; `days`: of the page's own doctor, first and last, and
    `revision`, their sum; `others_days` and `others_revision`: the same of all doctors.
    What does not matter is None.
    """
    kept: dict[str, Any] | None = getattr(request, "scope", {}).get(KEPT)
    return kept


def of_all(first: date, last: date, now: datetime) -> dict[str, Any]:
    """Say on what a page of all doctors' days stands; call it before they are read.

    Times begin, and notice ends, on full minutes; holds lapse at any second. How many were
    booked this month is not counted each time.
    """
    revision = agenda.revision_of_all(first, last)
    held = Slot.objects.filter(held_until__gt=now, day__range=(first, last))
    ends = [now.replace(second=0, microsecond=0) + _MINUTE]
    if lapse := held.aggregate(first=Min("held_until"))["first"]:
        ends.append(lapse)
    if limits.is_limited():
        ends.append(now + timedelta(seconds=limits.REMEMBER))
    return {
        "until": min(ends),
        "days": None,
        "revision": None,
        "others_days": (first, last),
        "others_revision": revision,
    }


class Grounds:
    """The revisions of a doctor's days, read before anything that the page shows."""

    def __init__(self, doctor: Doctor, now: datetime) -> None:
        since = now.astimezone(doctor.zone).date() - timedelta(days=2)
        read = agenda.revisions([doctor.pk], since, date.max)
        self._by_day = {day: revision for (_, day), revision in read.items()}

    def of(self, page: DayPage, *, is_asked: bool) -> dict[str, Any]:
        """Say on what the page stands.

        Call it before the page is rendered: what it shows of others is read then.

        Args:
            is_asked: the day was; else it is the first that has times.
        """
        first, last = days = page.own_days(is_asked=is_asked)
        others = page.others_days
        return {
            "until": page.changes_at(),
            "days": days,
            "revision": sum(
                revision
                for day, revision in self._by_day.items()
                if first <= day <= last
            ),
            "others_days": others,
            "others_revision": agenda.revision_of_all(*others) if others else None,
        }
