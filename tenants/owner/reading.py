"""What stands on the owner's page, read at once: later, `public` cannot be seen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.utils.formats import date_format
from django.utils.timezone import now as current_time

from tenants import archives, domains, support, usage
from tenants.context import platform_context
from tenants.domainnames import readable
from tenants.models import Archive, Clinic, ClinicEvent, Domain

NEWEST = 20  # events on the page itself
_A_PAGE = 50
_VISITS = 10


@dataclass(frozen=True)
class Record:
    """A DNS record to make."""

    kind: str
    name: str
    value: str
    field: str  # where it stands on the page


@dataclass(frozen=True)
class OwnDomain:
    pk: int
    name: str
    state: str  # waiting, verified, primary, missing or lost
    is_primary: bool
    until: str  # when a missing one stops, or another is forgotten
    records: list[Record]


@dataclass(frozen=True)
class Export:
    pk: UUID
    state: str
    label: str
    asked_by: str
    asked: str
    size: int | None
    kept_until: str


@dataclass(frozen=True)
class Visit:
    pk: UUID
    who: str
    why: str
    asked: str
    entered: str
    until: str
    is_open: bool


@dataclass(frozen=True)
class Event:
    what: str
    note: str
    by: str
    at: str


def facts(clinic: Clinic) -> dict[str, Any]:
    """Return all that the page shows of the clinic as it is now."""
    now = current_time()
    clinic = fresh(clinic)
    return {
        **words_of(clinic),
        "levels": usage.levels(clinic),
        "domains": [_domain(clinic, each) for each in domains.of(clinic)],
        "can_add_domain": len(domains.of(clinic)) < domains.MOST,
        "exports": [_export(clinic, each) for each in archives.of(clinic)],
        "visits": _visits(clinic, now),
        "events": list(events(clinic, 1, size=NEWEST)),
    }


def fresh(clinic: Clinic) -> Clinic:
    """Load the clinic as it is now: what a process remembers may be seconds old."""
    with platform_context():
        return Clinic.objects.get(pk=clinic.pk)


def words_of(clinic: Clinic) -> dict[str, Any]:
    """Return how the clinic stands, in words."""
    return {
        "kept": clinic,  # `clinic` is the request's, and may be older
        "status": clinic.status,
        "status_name": clinic.get_status_display(),
        "host": readable(clinic.host),
        "platform_host": clinic.platform_host,
        "plan": clinic.plan.name if clinic.plan else "",
        "trial_ends": moment_in(clinic, clinic.trial_ends_at),
        "closes": moment_in(clinic, clinic.delete_after),
        "reason": _reason(clinic),
    }


def events(clinic: Clinic, number: Any, *, size: int = _A_PAGE) -> Page[Event]:
    """Return a page of what happened, newest first; the nearest one there is."""
    with platform_context():
        rows = ClinicEvent.objects.filter(clinic_id=clinic.pk)
        page: Page[Any] = Paginator(rows, size).get_page(number)
        page.object_list = [_event(clinic, each) for each in page.object_list]
    return page


def moment_in(clinic: Clinic, moment: datetime | None) -> str:
    """Write day and time as the clinic's clock shows it; nothing for none."""
    if moment is None:
        return ""
    return date_format(moment.astimezone(clinic.zone), "SHORT_DATETIME_FORMAT")


def _domain(clinic: Clinic, domain: Domain) -> OwnDomain:
    state, until = _state_of(domain)
    txt_name, txt_value = domains.txt_record(domain)
    host = clinic.platform_host.partition(":")[0]
    return OwnDomain(
        pk=domain.pk,
        name=readable(domain.domain),
        state=state,
        is_primary=domain.is_primary,
        until=moment_in(clinic, until),
        records=[
            Record("CNAME", domain.domain, host, f"d{domain.pk}-cname"),
            Record("TXT", txt_name, txt_value, f"d{domain.pk}-txt"),
        ],
    )


def _state_of(domain: Domain) -> tuple[str, datetime | None]:
    gone = domain.missing_since
    if domain.verified_at is None:
        if gone:
            return "lost", gone + domains.LOST_AFTER + domains.FORGOTTEN_AFTER
        return "waiting", domain.created_at + domains.FORGOTTEN_AFTER
    if gone:
        return "missing", gone + domains.LOST_AFTER
    return ("primary" if domain.is_primary else "verified"), None


def _export(clinic: Clinic, archive: Archive) -> Export:
    kept: timedelta = archives.KEPT
    ends = archive.finished_at + kept if archive.finished_at else None
    return Export(
        pk=archive.pk,
        state=archive.status,
        label=archive.get_status_display(),
        asked_by=archive.asked_by,
        asked=moment_in(clinic, archive.created_at),
        size=archive.size_bytes,
        kept_until=moment_in(clinic, ends),
    )


def _visits(clinic: Clinic, now: datetime) -> list[Visit]:
    return [
        Visit(
            pk=each.pk,
            who=each.operator,
            why=each.reason,
            asked=moment_in(clinic, each.created_at),
            entered=moment_in(clinic, each.entered_at),
            until=moment_in(clinic, each.ends_at),
            is_open=each.ends_at > now,
        )
        for each in support.visits(clinic)[:_VISITS]
    ]


def _event(clinic: Clinic, event: ClinicEvent) -> Event:
    return Event(
        what=event.get_kind_display(),
        note=event.note,
        by=event.by,
        at=moment_in(clinic, event.at),
    )


def _reason(clinic: Clinic) -> str:
    """Why it is suspended, as whoever did it wrote down."""
    if clinic.status != Clinic.Status.SUSPENDED:
        return ""
    with platform_context():
        last = ClinicEvent.objects.filter(
            clinic_id=clinic.pk, kind=ClinicEvent.Kind.SUSPENDED
        ).first()
    return last.note if last else ""
