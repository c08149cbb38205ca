"""Tells the platform what the current clinic uses."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Max

from bookings.actions import limits
from bookings.models import AppointmentChange
from tenants import usage
from tenants.context import current_clinic


def report(now: datetime) -> None:
    """Count, and write it down."""
    usage.report(
        current_clinic(),
        doctors=limits.doctors(),
        appointments=limits.appointments(now),
        api_calls=limits.api_calls(now),
        last_active_at=_last_active(),
        now=now,
    )


def _last_active() -> datetime | None:
    """When somebody last changed an appointment, or was given a session; both indexed."""
    changes = AppointmentChange.objects.order_by("-id").values_list("at", flat=True)
    ends = Session.objects.aggregate(last=Max("expire_date"))["last"]
    length = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    times = [changes.first(), ends - length if ends else None]
    return max((each for each in times if each), default=None)
