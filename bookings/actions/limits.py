"""What the clinic's plan has room for: doctors, appointments a month, API calls a month.

A plan that is made smaller takes nothing away; it only stops what is new. Appointments
are counted anew now and then and remembered in between: a counter that every booking
wrote would make all bookings of a clinic wait for each other. So a few may be booked
over the limit by several processes at once.
"""

import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import ngettext

from accounts import throttle
from bookings.errors import CallsUsedUpError, DoctorsFullError
from bookings.models import Appointment, Doctor
from tenants.context import current_clinic
from tenants.usage import month_of, next_month_of

if TYPE_CHECKING:
    from tenants.models import Clinic, Plan

REMEMBER = 30.0  # seconds that a count is good for; own bookings are added at once
_UNLIMITED = 10**18
_CALLS = "api-month"


@dataclass
class _Count:
    """What was counted, and for which month: `start <= now < end`."""

    start: datetime
    end: datetime
    until: float
    booked: int

    def holds_at(self, now: datetime) -> bool:
        return time.monotonic() < self.until and self.start <= now < self.end


_remembered: MutableMapping[UUID, _Count] = {}


def check_doctors(*, more: int = 1) -> None:
    """Call it before a doctor is added, or takes appointments again.

    Args:
        more: how many are to be added.

    Raises:
        DoctorsFullError: the plan has no room for them; it names plan and number.
    """
    plan = _plan()
    if plan is None or plan.max_doctors is None:
        return
    if doctors() + more > plan.max_doctors:
        said = ngettext(
            "Your plan “%(plan)s” has room for %(n)d doctor who takes appointments.",
            "Your plan “%(plan)s” has room for %(n)d doctors who take appointments.",
            plan.max_doctors,
        )
        raise DoctorsFullError(said % {"plan": plan.name, "n": plan.max_doctors})


def doctors() -> int:
    """Those who take appointments; who has left costs no room."""
    return Doctor.objects.filter(is_active=True).count()


def has_room(now: datetime, *, ahead: int = 0) -> bool:
    """Whether one more appointment may be booked in the month of `now`.

    Args:
        ahead: visits of the same series that are written but not yet counted.
    """
    plan = _plan()
    if plan is None or plan.max_appointments is None:
        return True
    return _count(now).booked + ahead < plan.max_appointments


def is_limited() -> bool:
    """Whether the clinic's plan allows so many appointments a month and no more."""
    plan = _plan()
    return plan is not None and plan.max_appointments is not None


def appointments(now: datetime) -> int:
    """Those booked in the month of `now` on the clinic's clock, cancelled ones left out."""
    booked = Appointment.objects.filter(created_at__gte=month_of(current_clinic(), now))
    return booked.exclude(status=Appointment.Status.CANCELLED).count()


def known_room(clinic: "Clinic", now: datetime) -> int | None:
    """How many more may be booked, as far as this process knows without asking.

    Returns:
        None if it does not know; then `has_room` has to count.
    """
    plan = clinic.plan
    if plan is None or plan.max_appointments is None:
        return _UNLIMITED
    known = _remembered.get(clinic.pk)
    if known is None or not known.holds_at(now):
        return None
    return int(plan.max_appointments) - known.booked


def note_booked(clinic: "Clinic", *, how_many: int = 1) -> None:
    """After commit: count one's own bookings without asking again."""
    if known := _remembered.get(clinic.pk):
        known.booked += how_many


def forget() -> None:
    """Drop what is remembered, so that the next look counts."""
    _remembered.clear()


def told_to_staff() -> str:
    """Say which limit of which plan is reached, to those who can do something about it."""
    plan = _plan()
    most = plan.max_appointments or 0 if plan else 0
    said = ngettext(
        "Your plan “%(plan)s” has room for %(n)d new appointment a month, and it is "
        "used. Moving and cancelling go on as always.",
        "Your plan “%(plan)s” has room for %(n)d new appointments a month, and all of "
        "them are used. Moving and cancelling go on as always.",
        most,
    )
    return said % {"plan": plan.name if plan else "", "n": most}


def count_api_call(now: datetime) -> None:
    """Count a call in the month of `now`. Without Redis nothing is counted.

    Raises:
        CallsUsedUpError: the plan has no more of them this month.
    """
    plan, call = _plan(), api_call(current_clinic(), now)
    wait = throttle.hit(call.scope, call.ident, limit=call.limit, seconds=call.seconds)
    if wait and plan:
        most = plan.max_api_calls
        said = ngettext(
            "The clinic’s plan “%(plan)s” has %(n)d API call a month, and it is used.",
            "The clinic’s plan “%(plan)s” has %(n)d API calls a month, and all of them "
            "are used.",
            most or 0,
        )
        raise CallsUsedUpError(said % {"plan": plan.name, "n": most}, wait)


def api_call(clinic: "Clinic", now: datetime) -> throttle.Try:
    """What is counted for each call: the month's limit of the clinic's plan."""
    most = clinic.plan.max_api_calls if clinic.plan else None
    rest = next_month_of(clinic, now) - now
    return throttle.Try(
        _CALLS,
        _month_named(clinic, now),
        _UNLIMITED if most is None else most,
        int(rest.total_seconds()) + 1,
    )


def api_calls(now: datetime) -> int:
    """Calls counted in the month of `now`, refused ones left out."""
    counted = throttle.count(_CALLS, _month_named(current_clinic(), now))
    plan = _plan()
    most = plan.max_api_calls if plan else None
    return counted if most is None else min(counted, most)


def _plan() -> "Plan | None":
    return current_clinic().plan


def _month_named(clinic: "Clinic", now: datetime) -> str:
    return month_of(clinic, now).date().isoformat()


def _count(now: datetime) -> _Count:
    clinic = current_clinic()
    known = _remembered.get(clinic.pk)
    if known is None or not known.holds_at(now):
        start, end = month_of(clinic, now), next_month_of(clinic, now)
        until = time.monotonic() + REMEMBER
        known = _Count(start, end, until, appointments(now))
        _remembered[clinic.pk] = known
    return known
