"""What may become of a clinic. The only code that changes a clinic's status.

    creating → trial → active ⇄ suspended
                  └──────┴────────┴──→ closed → (after the grace period) deleted

A suspended clinic keeps its appointments, its staff may read, and nothing is booked. A
closed one is open to its owner only, who may take the data away or come back. Each
change is written down (`ClinicEvent`), and is felt by pages at once in this process and
within `hosts.REMEMBER` in others; open sockets end with the hub's next look.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now as current_time
from django.utils.translation import gettext as _

from tenants import hosts
from tenants.context import clinic_context, platform_context
from tenants.forgetting import forget_in_redis
from tenants.models import Clinic, ClinicEvent, Plan

logger = logging.getLogger(__name__)

TRIAL = timedelta(days=30)
GRACE = timedelta(days=30)

Status, Kind = Clinic.Status, ClinicEvent.Kind
# What may be asked for, from where.
_FROM = {
    Kind.ACTIVATED: {Status.TRIAL, Status.SUSPENDED},
    Kind.SUSPENDED: {Status.TRIAL, Status.ACTIVE},
    Kind.RESUMED: {Status.SUSPENDED},
    Kind.CLOSED: {Status.TRIAL, Status.ACTIVE, Status.SUSPENDED},
    Kind.REOPENED: {Status.CLOSED},
}


class NotNowError(Exception):
    """The clinic is in a state from which this cannot be done; `str()` says so."""


def activate(clinic: Clinic, *, by: str, plan: Plan | None = None) -> None:
    """End the trial (or a suspension) for good."""
    was_open = clinic.is_open
    _change(
        clinic,
        Kind.ACTIVATED,
        by,
        status=Status.ACTIVE,
        trial_ends_at=None,
        plan=plan or clinic.plan,
        tokens_since=clinic.tokens_since if was_open else _again(),
    )


def suspend(clinic: Clinic, *, by: str, reason: str = "") -> None:
    """Stop bookings and log everybody out; appointments stay as they are.

    Raises:
        NotNowError: it is not open.
    """
    _change(
        clinic,
        Kind.SUSPENDED,
        by,
        note=reason,
        status=Status.SUSPENDED,
        tokens_since=current_time(),
        ends_sessions=True,
    )


def resume(clinic: Clinic, *, by: str) -> None:
    """Take bookings again.

    Raises:
        NotNowError: it is not suspended.
    """
    _change(
        clinic,
        Kind.RESUMED,
        by,
        status=Status.ACTIVE,
        trial_ends_at=None,
        tokens_since=_again(),
    )


def close(
    clinic: Clinic,
    *,
    by: str,
    reason: str = "",
    now: datetime | None = None,
    grace: timedelta = GRACE,
) -> None:
    """Stop everything and delete the clinic after `grace`; `reopen` takes it back.

    Raises:
        NotNowError: it is closed already, or was never ready.
    """
    moment = now or current_time()
    _change(
        clinic,
        Kind.CLOSED,
        by,
        note=reason,
        status=Status.CLOSED,
        delete_after=moment + grace,
        tokens_since=moment,
    )


def reopen(clinic: Clinic, *, by: str) -> None:
    """Take a closing back: it is what it was before, suspended or on trial too.

    Raises:
        NotNowError: it is not closed, or its time is over.
    """
    if clinic.delete_after and clinic.delete_after <= current_time():
        raise NotNowError(_("Its time is over: it is being deleted."))
    _change(
        clinic,
        Kind.REOPENED,
        by,
        status=_before_closing(clinic),
        delete_after=None,
        tokens_since=_again(),
    )


def set_plan(clinic: Clinic, plan: Plan | None, *, by: str) -> None:
    """Give the clinic other limits. What it has already stays, whatever they are."""
    with platform_context(), transaction.atomic():
        locked = _locked(clinic)
        locked.plan = plan
        locked.save(update_fields=["plan"])
        record(locked, Kind.PLAN, by=by, note=str(plan or _("no plan")))
    clinic.plan = plan
    hosts.forget()


def record(clinic: Clinic, kind: ClinicEvent.Kind, *, by: str, note: str = "") -> None:
    """Write down what was done to a clinic. Call it in the transaction that does it."""
    with platform_context():
        ClinicEvent.objects.create(
            clinic_id=clinic.pk,
            clinic_name=clinic.name,
            slug=clinic.slug,
            kind=kind,
            by=by,
            note=note[:500],
        )


def end_trials(now: datetime) -> None:
    """Suspend the clinics whose trial is over."""
    with platform_context():
        over = list(Clinic.objects.filter(status=Status.TRIAL, trial_ends_at__lte=now))
    for clinic in over:
        with _kept_apart(clinic):
            suspend(clinic, by="trial", reason=_("Trial ended"))


def delete_due(now: datetime) -> None:
    """Delete the closed clinics whose grace period is over."""
    with platform_context():
        over = list(Clinic.objects.filter(status=Status.CLOSED, delete_after__lte=now))
    for clinic in over:
        with _kept_apart(clinic):
            delete(clinic, by="grace period", now=now)


def delete(clinic: Clinic, *, by: str, now: datetime | None = None) -> None:
    """Delete a closed clinic whose grace period is over: files, Redis, schema, row.

    What is outside PostgreSQL goes first; the schema and the row go in one transaction
    at last. A kill anywhere leaves a closed clinic, and the next call goes on.

    Raises:
        NotNowError: it is not closed, or its time is not yet over.
    """
    with platform_context(), transaction.atomic():
        locked = _locked(clinic)
        moment = now or current_time()
        if locked.delete_after is None or locked.delete_after > moment:
            raise NotNowError(_("This clinic is not due to be deleted."))
        _delete_files(locked)
        forget_in_redis(locked)
        with connection.cursor() as cursor:
            name = connection.ops.quote_name(locked.schema_name)
            cursor.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        record(locked, Kind.DELETED, by=by)
        Clinic.objects.filter(pk=locked.pk).delete()
    hosts.forget()
    logger.info("deleted the clinic %s", clinic.pk)


@contextmanager
def _kept_apart(clinic: Clinic) -> Iterator[None]:
    """Keep what fails for one clinic from the others; it is tried again later."""
    try:
        yield
    except NotNowError:
        pass  # somebody was quicker
    except (OSError, DatabaseError):
        logger.exception("the clinic %s has to wait", clinic.pk)


def _delete_files(clinic: Clinic) -> None:
    for root in (settings.MEDIA_ROOT, settings.ARCHIVE_ROOT):
        shutil.rmtree(root / str(clinic.pk), ignore_errors=True)


def _again() -> datetime:
    """From when on tokens count at a clinic that opens again: from now.

    A process may have gone on giving tokens out for as long as it remembered the clinic
    as open; those are younger than the suspension, and void all the same.
    """
    return current_time()


def _before_closing(clinic: Clinic) -> Clinic.Status:
    """Say what a closed clinic was: nobody gets out of a suspension by closing."""
    turns = (Kind.SUSPENDED, Kind.RESUMED, Kind.ACTIVATED)
    with platform_context():
        told = ClinicEvent.objects.filter(clinic_id=clinic.pk, kind__in=turns)
        last = told.values_list("kind", flat=True).first()
    if last == Kind.SUSPENDED:
        return Status.SUSPENDED
    return Status.TRIAL if clinic.trial_ends_at else Status.ACTIVE


def _change(
    clinic: Clinic,
    kind: ClinicEvent.Kind,
    by: str,
    note: str = "",
    *,
    ends_sessions: bool = False,
    **values: object,
) -> None:
    with platform_context(), transaction.atomic():
        locked = _locked(clinic)
        if locked.status not in _FROM[kind]:
            raise NotNowError(
                _("%(clinic)s is %(status)s: this cannot be done now.")
                % {"clinic": locked.name, "status": locked.get_status_display().lower()}
            )
        for name, value in values.items():
            setattr(locked, name, value)
            setattr(clinic, name, value)
        locked.save(update_fields=[*values])
        if ends_sessions:
            with clinic_context(locked):
                Session.objects.all().delete()
        record(locked, kind, by=by, note=note)
    hosts.forget()


def _locked(clinic: Clinic) -> Clinic:
    """Load the clinic as it is now, and keep others from changing it.

    Raises:
        NotNowError: it is gone.
    """
    found = Clinic.objects.select_for_update(of=("self",)).filter(pk=clinic.pk).first()
    if found is None:
        raise NotNowError(_("This clinic is gone."))
    return found
