"""What the first page says: how many clinics stand how, and which need a look."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from tenants.models import Clinic
from tenants.operators import filters, showing
from tenants.usage import NEAR

SOON = timedelta(days=7)
_STUCK = timedelta(minutes=5)
_MOST = 10  # lines of a section

Status = Clinic.Status


@dataclass(frozen=True)
class Figure:
    """One number, and the list it counts."""

    number: int
    name: str
    address: str
    bad: bool = False


@dataclass(frozen=True)
class Line:
    """One clinic in a section."""

    name: str
    address: str
    status: str
    colour: str
    said: str


@dataclass(frozen=True)
class Section:
    """Clinics that share a reason to be looked at; with no line it says so."""

    title: str
    lines: list[Line]


def overview(now: datetime) -> dict[str, Any]:
    """Read the page; as many questions for one clinic as for hundreds."""
    return {"figures": _figures(now), "sections": [*_pressing(now), _newest()]}


def _figures(now: datetime) -> list[Figure]:
    clinics = Clinic.objects.order_by()
    rows = clinics.values_list("status").annotate(Count("pk"))
    numbers = dict(rows)
    by_state = [
        Figure(
            numbers.get(status.value, 0),
            str(status.label),
            showing.list_of("clinic", status__exact=status.value),
        )
        for status in Status
    ]
    near = filters.near_limits(clinics, NEAR, now).count()
    behind = filters.behind(clinics).count()
    return [
        *by_state,
        Figure(near, _("Limits near"), showing.list_of("clinic", limits="near")),
        Figure(
            behind,
            _("Tables behind"),
            showing.list_of("clinic", tables="behind"),
            bad=bool(behind),
        ),
    ]


def _pressing(now: datetime) -> list[Section]:
    clinics = Clinic.objects.all()
    failed = clinics.exclude(migration_error="")
    stuck = clinics.filter(status=Status.CREATING, created_at__lte=now - _STUCK)
    ending = clinics.filter(status=Status.TRIAL, trial_ends_at__lte=now + SOON)
    leaving = clinics.filter(status=Status.CLOSED)
    return [
        Section(_("Failed migrations"), _lines(failed, "migration_error")),
        Section(_("Stuck while being created"), _lines(stuck, "created_at")),
        Section(
            _("Trials that end within a week"),
            _lines(ending.order_by("trial_ends_at"), "trial_ends_at"),
        ),
        Section(
            _("Closed, and deleted after"),
            _lines(leaving.order_by("delete_after"), "delete_after"),
        ),
    ]


def _newest() -> Section:
    newest = Clinic.objects.order_by("-created_at", "-id")
    return Section(_("Newest clinics"), _lines(newest, "created_at"))


def _lines(clinics: QuerySet[Clinic], telling: str) -> list[Line]:
    return [
        Line(
            clinic.name,
            showing.page_of(clinic),
            clinic.get_status_display(),
            showing.COLOURS[clinic.status],
            _told(getattr(clinic, telling)),
        )
        for clinic in clinics[:_MOST]
    ]


def _told(value: object) -> str:
    if isinstance(value, str):
        return value[:200]
    return showing.moment(value if isinstance(value, datetime) else None)
