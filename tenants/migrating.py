"""Brings schemas to this code's migrations: the platform's, then each clinic's.

`Clinic.schema_version` says what a schema has run, so that a run asks one question for
all clinics, and goes on where a kill ended it. A clinic whose migration fails keeps the
error in its row, which closes its pages, and holds up nobody else.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.management import call_command
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from psycopg.errors import LockNotAvailable

from tenants import blueprint, hosts
from tenants.context import clinic_context, platform_context
from tenants.crew import share
from tenants.lifecycle import record
from tenants.locks import only_one, only_one_run
from tenants.migrationplan import MigrationPlan, StepError, plan_here
from tenants.models import Clinic, ClinicEvent, ClinicQuerySet
from tenants.versions import current_version

logger = logging.getLogger(__name__)

# Fewer are done before other processes have started.
_FEW = 8
# A change waits for a table no longer than this, and everybody else behind it.
_LOCK_TIMEOUT = "5s"
_TRIES = 3
_YOUNG = timedelta(days=1)


@dataclass(frozen=True)
class Failure:
    """A clinic that is not migrated, and why."""

    slug: str
    error: str


@contextmanager
def only_run(*, wait: bool = True) -> Iterator[None]:
    """Be the only run of migrations on this database.

    Raises:
        BusyError: another is at it, and `wait` is off.
    """
    with only_one_run("migrations", wait=wait):
        yield


def migrate_platform(*, verbosity: int = 0, run_syncdb: bool = False) -> None:
    """Migrate schema `public`."""
    with platform_context():
        call_command(
            MigrateCommand(),
            verbosity=verbosity,
            interactive=False,
            run_syncdb=run_syncdb,
        )


def migrate_clinics(*, jobs: int | None = None) -> tuple[int, list[Failure]]:
    """Migrate each clinic that needs it, then prepare the text for new ones.

    Args:
        jobs: processes; by default one per core.

    Returns:
        How many were migrated, and those that failed.
    """
    tried: set[UUID] = set()
    # Again, for those that were being created by older code meanwhile.
    while left := [each for each in _waiting_ids() if each not in tried]:
        tried.update(left)
        _migrate_each(left, jobs=jobs or os.cpu_count() or 1)
    failures = _failures()
    return len(tried) - len(failures), [*failures, *_prepare_for_new_ones()]


def migrate_one(clinic_id: UUID) -> str | None:
    """Migrate one clinic, unless it has run everything; return why that failed.

    Raises:
        DatabaseError: the connection is lost. What was committed stays.
    """
    with platform_context(), only_one(clinic_id):
        clinic = Clinic.objects.ready().filter(pk=clinic_id).first()
        if clinic is None or clinic.schema_version == current_version():
            return None
        error = _try_to_migrate(clinic)
    hosts.forget()
    return error


def finish_young(now: datetime) -> None:
    """Migrate new clinics that older code opened after the run had passed.

    A worker of the older code finds nothing that it could run, and so writes nothing.
    """
    with platform_context():
        young = _waiting().filter(created_at__gte=now - _YOUNG, migration_error="")
        for clinic in list(young):
            try:
                with clinic_context(clinic):
                    is_behind = bool(plan_here(current_version()).steps)
            except ProgrammingError:  # its schema is gone, or it was just deleted
                logger.exception("the clinic %s cannot be looked at", clinic.pk)
                continue
            if is_behind:
                migrate_one(clinic.pk)


def run_here() -> MigrationPlan:
    """Run what is left in the schema that this thread is in.

    Raises:
        StepError: a migration failed.
        DatabaseError: the schema, or the connection, is gone.
    """
    plan = plan_here(current_version())
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [_LOCK_TIMEOUT])
    try:
        for remaining in reversed(range(_TRIES)):
            try:
                plan.run()
                break
            except StepError as error:
                if not (remaining and _is_lock_timeout(error)):
                    raise
                plan = plan_here(current_version())
    finally:
        # A lost connection needs none.
        with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    return plan


def _migrate_each(ids: list[UUID], *, jobs: int) -> None:
    if jobs == 1 or len(ids) < _FEW:
        for clinic_id in ids:
            _migrate_or_leave(clinic_id)
    else:
        share(ids, _migrate_or_leave, jobs=min(jobs, len(ids)))


def _migrate_or_leave(clinic_id: UUID) -> None:
    try:
        migrate_one(clinic_id)
    except (OperationalError, InterfaceError):  # the next one gets a new connection
        logger.exception("the clinic %s could not be migrated", clinic_id)
        connection.close()


def _try_to_migrate(clinic: Clinic) -> str | None:
    try:
        with clinic_context(clinic):
            plan = run_here()
    except Exception as error:
        if not connection.is_usable():
            raise
        logger.warning("the clinic %s is not migrated: %s", clinic.pk, error)
        text = _storable(str(error) or repr(error))
        Clinic.objects.filter(pk=clinic.pk).update(migration_error=text)
        return text
    _write_down(clinic, [str(step.migration) for step in plan.steps])
    return None


def _write_down(clinic: Clinic, ran: list[str]) -> None:
    """Nothing, where the clinic was deleted meanwhile."""
    with transaction.atomic():
        updated = Clinic.objects.filter(pk=clinic.pk).update(
            schema_version=current_version(), migration_error=""
        )
        if updated and ran:
            note = ", ".join(ran)
            record(clinic, ClinicEvent.Kind.MIGRATED, by="migrate_schemas", note=note)


def _waiting_ids() -> list[UUID]:
    with platform_context():
        return list(_waiting().order_by("pk").values_list("pk", flat=True))


def _waiting() -> ClinicQuerySet:
    return Clinic.objects.ready().exclude(schema_version=current_version())


def _failures() -> list[Failure]:
    with platform_context():
        return [
            Failure(clinic.slug, clinic.migration_error or "was not reached")
            for clinic in _waiting().order_by("slug")
        ]


def _prepare_for_new_ones() -> Iterator[Failure]:
    try:
        blueprint.prepare()
    except Exception as error:  # whatever a migration raises in an empty schema
        logger.exception("no new clinic can be made")
        yield Failure("(new clinics)", _storable(str(error) or repr(error)))


def _is_lock_timeout(error: StepError) -> bool:
    cause = error.__cause__
    return isinstance(cause, DatabaseError) and isinstance(
        cause.__cause__, LockNotAvailable
    )


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:2000].strip()
