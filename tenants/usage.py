"""What clinics use, for their owners and for operators: numbers, and nobody's data.

The clinic's worker counts in the clinic's schema and reports here; whether a limit stops
something is decided where it would happen (`bookings.actions.limits`), not by these rows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

from tenants.context import platform_context
from tenants.models import Clinic, Usage

NEAR = 0.8  # of a limit: from here on the owner is told

_SIZE = """
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind IN ('r', 'm')
"""


@dataclass(frozen=True)
class Level:
    """How much of one limit is used. `limit` is None where the plan has none."""

    name: Literal["doctors", "appointments", "api_calls"]
    label: str
    used: int
    limit: int | None

    @property
    def state(self) -> Literal["ok", "near", "full"]:
        if self.limit is None:
            return "ok"
        if self.used >= self.limit:
            return "full"
        return "near" if self.used >= NEAR * self.limit else "ok"

    @property
    def percent(self) -> int:
        """How full it is, 0 to 100; 0 where there is no limit."""
        if self.limit is None:
            return 0
        return min(100, self.used * 100 // self.limit) if self.limit else 100


def report(
    clinic: Clinic,
    *,
    doctors: int,
    appointments: int,
    api_calls: int,
    last_active_at: datetime | None,
    now: datetime,
) -> None:
    """Write down what the clinic's worker has counted, and how large its schema is."""
    with platform_context():
        size = _size_of(clinic)
        measured = {} if size is None else {"size_bytes": size}
        Usage.objects.update_or_create(
            clinic=clinic,
            defaults={
                "doctors": doctors,
                "appointments": appointments,
                "api_calls": api_calls,
                "last_active_at": last_active_at,
                "counted_at": now,
                **measured,
            },
        )


def _size_of(clinic: Clinic) -> int | None:
    """Bytes of the clinic's schema; None while a migration has one of its tables."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            cursor.execute(_SIZE, [clinic.schema_name])
            return int(cursor.fetchone()[0])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return None
        raise


def levels(clinic: Clinic, *, now: datetime | None = None) -> list[Level]:
    """How much of each limit of the clinic's plan is used, as last counted."""
    with platform_context():
        usage = Usage.objects.filter(clinic=clinic).first()
    return levels_in(clinic, usage, now=now)


def levels_in(
    clinic: Clinic, usage: Usage | None, *, now: datetime | None = None
) -> list[Level]:
    """The same for who has loaded the clinic's usage already; asks nothing.

    What was counted in another month is nothing yet of this one.
    """
    month = month_of(clinic, now or timezone.now())
    is_current = usage is not None and usage.counted_at >= month
    of_month = usage if is_current else None
    plan = clinic.plan
    return [
        Level(
            "doctors",
            _("Doctors"),
            usage.doctors if usage else 0,
            plan.max_doctors if plan else None,
        ),
        Level(
            "appointments",
            _("Appointments this month"),
            of_month.appointments if of_month else 0,
            plan.max_appointments if plan else None,
        ),
        Level(
            "api_calls",
            _("API calls this month"),
            of_month.api_calls if of_month else 0,
            plan.max_api_calls if plan else None,
        ),
    ]


def month_of(clinic: Clinic, now: datetime) -> datetime:
    """The first instant of the month of `now` on the clinic's clock."""
    return _month_of(clinic.zone, now.replace(second=0, microsecond=0))


@lru_cache(maxsize=1024)  # each call of the API asks
def _month_of(zone: ZoneInfo, minute: datetime) -> datetime:
    local = minute.astimezone(zone)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)


def next_month_of(clinic: Clinic, now: datetime) -> datetime:
    """The first instant of the month after."""
    return month_of(clinic, month_of(clinic, now) + timedelta(days=32))
