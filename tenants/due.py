"""The wake-up list: which clinic has work for the background worker, and since when."""

from datetime import datetime, timedelta

from django.db import connection

from tenants.context import platform_context
from tenants.models import Clinic, DueWork

_WAKE = """
    INSERT INTO tenants_duework AS known (clinic_id, due_at) VALUES (%s, %s)
    ON CONFLICT (clinic_id) DO UPDATE SET due_at = excluded.due_at
    WHERE known.due_at > excluded.due_at
"""
_CLAIM = """
    DELETE FROM tenants_duework WHERE clinic_id = (
        SELECT clinic_id FROM tenants_duework WHERE due_at <= %s
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING clinic_id
"""


def wake(clinic: Clinic, due_at: datetime) -> None:
    """Ask a worker to look at `clinic` at `due_at`. Call it after commit."""
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(_WAKE, [clinic.pk, due_at])


def claim(now: datetime) -> Clinic | None:
    """Take one clinic whose work is due, so that no other worker takes it too."""
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now])
        row = cursor.fetchone()
        return Clinic.objects.active().filter(pk=row[0]).first() if row else None


def next_due(default: timedelta, now: datetime) -> timedelta:
    """Return how long a worker may sleep, at most `default`."""
    with platform_context():
        first = DueWork.objects.order_by("due_at").values_list("due_at", flat=True)[:1]
        waits = [max(due - now, timedelta()) for due in first]
    return min([default, *waits])
