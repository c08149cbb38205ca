"""What a page that is kept stands on: while nothing of that changes, it is true."""

from datetime import date, datetime, timedelta
from typing import Any

from bookings import agenda
from bookings.models import Doctor
from bookings.pages.day import DayPage


class Grounds:
    """The revisions of a doctor's days, read before anything that the page shows."""

    def __init__(self, doctor: Doctor, now: datetime) -> None:
        since = now.astimezone(doctor.zone).date() - timedelta(days=2)
        read = agenda.revisions([doctor.pk], since, date.max)
        self._by_day = {day: revision for (_, day), revision in read.items()}

    def of(self, page: DayPage, *, is_asked: bool) -> dict[str, Any]:
        """Say until when the page is true, if the sums of revisions stay.

        Call it before the page is rendered: what it shows of others is read then.

        Args:
            is_asked: the day was; else it is the first that has times.

        Returns:
            `until`: an instant; `days`: the doctor's own, first and last, and
            `revision`, their sum; `others_days` and `others_revision`: the same of all
            doctors, or None.
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
