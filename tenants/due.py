"""The wake-up list: which clinic has work for the background worker, and since when.

A worker takes a clinic by a lease: its row is pushed ahead, so that a worker that is
killed leaves it to be found. When done, it settles the row: gone, or due again.
"""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, connection

from tenants.context import platform_context
from tenants.models import Clinic

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)

WAKE = """
    INSERT INTO public.tenants_duework AS known (clinic_id, due_at) VALUES (%s, %s)
    ON CONFLICT (clinic_id) DO UPDATE SET due_at = excluded.due_at
    WHERE known.due_at > excluded.due_at
"""
# The same for many clinics, by who has no clock but the database's.
WAKE_NOW = """
    INSERT INTO public.tenants_duework AS known (clinic_id, due_at)
    SELECT id, clock_timestamp() FROM unnest(%s::uuid[]) AS clinic (id) ORDER BY id
    ON CONFLICT (clinic_id) DO UPDATE SET due_at = excluded.due_at
    WHERE known.due_at > excluded.due_at
"""
_CLAIM = """
    UPDATE tenants_duework SET due_at = %s WHERE clinic_id = (
        SELECT clinic_id FROM tenants_duework
        JOIN tenants_clinic ON tenants_clinic.id = clinic_id
        WHERE due_at <= %s AND status IN ('trial', 'active') AND migration_error = ''
        ORDER BY due_at LIMIT 1 FOR UPDATE OF tenants_duework SKIP LOCKED)
    RETURNING clinic_id
"""
# Only the lease itself is ended: who woke the clinic meanwhile has set an earlier time.
_SETTLE = "DELETE FROM tenants_duework WHERE clinic_id = %s AND due_at = %s"


def wake(clinic: Clinic, due_at: datetime) -> None:
    """Ask a worker to look at `clinic` at `due_at`. Call it after commit.

    It is a hint: if it cannot be written, the workers' slow sweep finds the work.
    """
    try:
        with platform_context(), connection.cursor() as cursor:
            cursor.execute(WAKE, [clinic.pk, due_at])
    except DatabaseError as error:
        name = type(error).__name__
        logger.warning("the worker was not woken, its sweep will look: %s", name)


def claim(now: datetime) -> Clinic | None:
    """Take one clinic whose work is due, until `now + LEASE`."""
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, now])
        row = cursor.fetchone()
        return Clinic.objects.get(pk=row[0]) if row else None


def settle(clinic: Clinic, *, claimed_at: datetime, next_due: datetime | None) -> None:
    """Give back a clinic claimed at `claimed_at`; to be woken at `next_due`, if ever."""
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(_SETTLE, [clinic.pk, claimed_at + LEASE])
        if next_due is not None:
            cursor.execute(WAKE, [clinic.pk, next_due])
