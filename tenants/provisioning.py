"""The only birth of a clinic's schema. Takes values, not a form; safe to repeat.

`reserve` takes the address, `build` does the rest. What `build` needs stands beside the
clinic's row until it is ready, so that a worker finishes what a kill interrupted; until
then no host answers for the clinic. One that comes with its own data (an import) is made
by `reserve_empty` and `build_with`: all of it in one transaction.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now as current_time
from django.utils.translation import gettext as _

from accounts.models import User
from tenants import hosts
from tenants.blueprint import prepare
from tenants.context import clinic_context, platform_context
from tenants.lifecycle import TRIAL, record
from tenants.locks import BusyError, only_one
from tenants.migrating import run_here
from tenants.models import (
    Clinic,
    ClinicEvent,
    Plan,
    Provisioning,
)
from tenants.versions import current_version

logger = logging.getLogger(__name__)

# Who builds a clinic is done by then, or dead.
_LEFT_ALONE = timedelta(seconds=30)
# Nobody repeats an import that was killed so long ago.
_FORGOTTEN = timedelta(days=1)
ARRIVAL = "a clinic that comes with its data"  # what importers queue for


class AddressTakenError(ValidationError):
    """Another clinic has this address."""


@dataclass(frozen=True)
class Owner:
    """Who a new clinic belongs to."""

    email: str
    name: str = ""
    password: str = ""  # as `make_password` gives it; without one: "forgot password"


def create_clinic(
    *, slug: str, name: str, timezone: str, owner_email: str, owner_password: str | None
) -> tuple[Clinic, bool]:
    """Create a clinic, its schema and its owner; finish one that was left half-made.

    Returns:
        The clinic, and whether this call made it ready.

    Raises:
        ValidationError: a value is not acceptable.
    """
    hashed = make_password(owner_password) if owner_password else ""
    owner = Owner(email=owner_email, name=name, password=hashed)
    try:
        clinic = reserve(slug=slug, name=name, timezone=timezone, owner=owner)
    except AddressTakenError:
        with platform_context():
            clinic = Clinic.objects.get(slug=slug)
    return clinic, build(clinic)


def reserve(
    *, slug: str, name: str, timezone: str, owner: Owner, is_trial: bool = False
) -> Clinic:
    """Take the address for a clinic that `build` then makes ready.

    The same owner who asks again gets the same half-made clinic.

    Raises:
        ValidationError: a value is not acceptable.
        AddressTakenError: somebody else has the address.
    """
    clinic = Clinic(slug=slug, name=name, timezone=timezone)
    clinic.full_clean(validate_unique=False, validate_constraints=False)
    with platform_context(), transaction.atomic():
        values = {"name": name, "timezone": timezone}
        found, is_new = Clinic.objects.get_or_create(slug=slug, defaults=values)
        if is_new:
            Provisioning.objects.create(
                clinic=found,
                owner_email=owner.email,
                owner_name=owner.name or name,
                owner_password=owner.password,
                is_trial=is_trial,
            )
        elif not Provisioning.objects.filter(
            clinic=found, owner_email=owner.email
        ).exists():
            raise AddressTakenError(_("This address is taken. Choose another."))
    return found


def build(clinic: Clinic, *, wait: bool = True, by: str = "") -> bool:
    """Make a reserved clinic ready; return whether this call did it.

    Args:
        wait: for somebody else who is at it.
        by: who has it made, if not its owner.

    Raises:
        BusyError: somebody is at it, and `wait` is off.
        AddressTakenError: it is made from an archive, by somebody else.
    """
    with platform_context(), only_one(clinic.pk, wait=wait):
        clinic.refresh_from_db()
        if clinic.status != Clinic.Status.CREATING:
            return False
        needed = Provisioning.objects.filter(clinic=clinic).first()
        if needed is None:  # it is being imported
            raise AddressTakenError(_("This address is taken. Choose another."))
        if not _build_schema(clinic):  # another call did, perhaps of older code
            with clinic_context(clinic):
                run_here()
        _make_owner(clinic, needed)
        _open(clinic, needed, by=by or needed.owner_email)
    hosts.forget()
    return True


def reserve_empty(
    *, slug: str, name: str, timezone: str, clinic_id: UUID | None = None
) -> Clinic:
    """Take the address for a clinic that `build_with` fills with its own data.

    Without an owner beside it `finish_left` lets it be. One that a kill has left is
    replaced, so only one caller may be at this at a time (`only_one(ARRIVAL)`).

    Raises:
        ValidationError: a value is not acceptable.
        AddressTakenError: somebody has the address, or the UUID.
    """
    clinic = Clinic(slug=slug, name=name, timezone=timezone)
    if clinic_id:
        clinic.pk = clinic_id
    clinic.full_clean(validate_unique=False, validate_constraints=False)
    with platform_context(), transaction.atomic():
        same = Clinic.objects.filter(Q(pk=clinic.pk) | Q(slug=slug))
        for left in same.filter(status=Clinic.Status.CREATING, provisioning=None):
            _drop_schema(left)
            left.delete()
        try:
            with transaction.atomic():
                clinic.save(force_insert=True)
        except IntegrityError as error:
            message = _("This address is taken. Choose another.")
            raise AddressTakenError(message) from error
    return clinic


def build_with(
    clinic: Clinic, fill: Callable[[], None], *, by: str, **facts: Any
) -> None:
    """Make a clinic of `reserve_empty`'s ready, in one transaction.

    Args:
        fill: writes the clinic's rows; called inside of it, its tables being empty.
        facts: the clinic's status, and what else its row is to say.
    """
    prepare()  # in a transaction of its own
    with platform_context(), transaction.atomic():
        _build_schema(clinic)
        with clinic_context(clinic):
            fill()
        for name, value in facts.items():
            setattr(clinic, name, value)
        clinic.schema_version = current_version()
        clinic.save()
        record(clinic, ClinicEvent.Kind.IMPORTED, by=by)
    hosts.forget()


def give_up(clinic: Clinic) -> bool:
    """Free what `reserve_empty` has taken, unless the clinic became ready."""
    with platform_context():
        left = Clinic.objects.filter(pk=clinic.pk, status=Clinic.Status.CREATING)
        return bool(left.delete()[0])


def finish_left(now: datetime) -> None:
    """Build the clinics whose builder was killed; free what a killed import has taken."""
    with platform_context():
        _abandoned(now).delete()
        left = Clinic.objects.filter(
            status=Clinic.Status.CREATING,
            provisioning__started_at__lt=now - _LEFT_ALONE,
        )
        for clinic in list(left):
            try:
                build(clinic, wait=False)
            except BusyError:
                continue
            except DatabaseError:
                logger.exception("the clinic %s cannot be created", clinic.pk)


def _build_schema(clinic: Clinic) -> bool:
    """Make the schema with all that is in it; return whether it was not there."""
    ddl = prepare()
    with transaction.atomic():
        if _has_schema(clinic):
            return False
        with connection.cursor() as cursor:
            name = connection.ops.quote_name(clinic.schema_name)
            cursor.execute(f"CREATE SCHEMA {name}")
        with clinic_context(clinic), connection.cursor() as cursor:
            cursor.execute(ddl)
    return True


def _abandoned(now: datetime) -> QuerySet[Clinic]:
    """Clinics of imports that nobody repeated: a row each, without a schema."""
    return Clinic.objects.filter(
        status=Clinic.Status.CREATING,
        provisioning=None,
        created_at__lt=now - _FORGOTTEN,
    )


def _drop_schema(clinic: Clinic) -> None:
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(clinic.schema_name)
        cursor.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")


def _has_schema(clinic: Clinic) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s)", [clinic.schema_name])
        return cursor.fetchone()[0] is not None


def _make_owner(clinic: Clinic, needed: Provisioning) -> None:
    with clinic_context(clinic):
        if not User.objects.filter(email__iexact=needed.owner_email).exists():
            User.objects.create(
                email=needed.owner_email,
                name=needed.owner_name,
                password=needed.owner_password or make_password(None),
                role=User.Role.OWNER,
            )


def _open(clinic: Clinic, needed: Provisioning, *, by: str) -> None:
    clinic.schema_version = current_version()
    clinic.status = Clinic.Status.ACTIVE
    if needed.is_trial:
        clinic.status = Clinic.Status.TRIAL
        clinic.trial_ends_at = current_time() + TRIAL
        clinic.plan = Plan.objects.filter(code="trial").first()
    with transaction.atomic():
        clinic.save(update_fields=["schema_version", "status", "trial_ends_at", "plan"])
        needed.delete()
        record(clinic, ClinicEvent.Kind.CREATED, by=by)
