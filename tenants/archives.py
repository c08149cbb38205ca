"""Exports of clinics: who asked for one, which is being written, which may be fetched.

The rows and the files are kept here; what goes into a file, `bookings.interop.archive`
knows. A worker takes a waiting one by a lease, which it renews while it writes, so that
one whose worker was killed is taken up again.
"""

import logging
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from tenants.context import platform_context
from tenants.lifecycle import record
from tenants.models import Archive, Clinic, ClinicEvent
from tenants.versions import current_version

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)  # a finished export can be fetched for
KEPT_AT_MOST = 3  # finished exports of one clinic
LEASE = timedelta(seconds=90)
# What no worker could finish in this time, none will.
_GIVEN_UP = timedelta(days=1)

Status = Archive.Status


def ask(clinic: Clinic, *, by: str) -> Archive:
    """Have the clinic's data written to a file; one at a time is waiting at most."""
    with platform_context(), transaction.atomic():
        Clinic.objects.select_for_update(of=("self",)).get(pk=clinic.pk)
        waiting = Archive.objects.filter(clinic=clinic, status=Status.WAITING)
        return waiting.first() or Archive.objects.create(clinic=clinic, asked_by=by)


def of(clinic: Clinic) -> list[Archive]:
    """Return the clinic's exports, newest first."""
    with platform_context():
        return list(Archive.objects.filter(clinic=clinic))


def path_of(archive: Archive) -> Path:
    """Return where the file is once it is ready. Nobody's input is part of the path."""
    return folder_of(archive.clinic_id) / f"{archive.pk}.zip"


def folder_of(clinic_id: UUID) -> Path:
    """Return the folder of a clinic's exports, which may not exist yet."""
    return Path(settings.ARCHIVE_ROOT) / str(clinic_id)


def claim(now: datetime) -> Archive | None:
    """Take one that waits, until `now + LEASE`; the clinic is loaded with it.

    Clinics whose tables are not this code's wait until they have been migrated.
    """
    with platform_context(), transaction.atomic():
        free = Q(leased_until=None) | Q(leased_until__lte=now)
        archive = (
            Archive.objects.filter(free, status=Status.WAITING)
            .filter(clinic__schema_version=current_version())
            .exclude(clinic__status=Clinic.Status.CREATING)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("clinic__plan")
            .order_by("created_at")
            .first()
        )
        if archive:
            archive.leased_until = now + LEASE
            archive.save(update_fields=["leased_until"])
        return archive


def renew(archive: Archive, now: datetime) -> None:
    """Say that it is still being written."""
    with platform_context():
        waiting = Archive.objects.filter(pk=archive.pk, status=Status.WAITING)
        waiting.update(leased_until=now + LEASE)


def done(archive: Archive, now: datetime) -> None:
    """Offer the file that now stands at `path_of`, and drop what it replaces.

    If the clinic is gone by now, so is the file.
    """
    path = path_of(archive)
    with platform_context(), transaction.atomic():
        is_known = Archive.objects.filter(pk=archive.pk).update(
            status=Status.READY,
            leased_until=None,
            finished_at=now,
            size_bytes=path.stat().st_size,
        )
        if is_known:
            exported(archive.clinic, by=archive.asked_by)
    if not is_known:
        shutil.rmtree(path.parent, ignore_errors=True)
        return
    ready = [each for each in of(archive.clinic) if each.status == Status.READY]
    for old in ready[KEPT_AT_MOST:]:
        _forget(old)


def exported(clinic: Clinic, *, by: str) -> None:
    """Write down that the clinic's data was written to a file."""
    record(clinic, ClinicEvent.Kind.EXPORTED, by=by)


def failed(archive: Archive, now: datetime) -> None:
    """Say that there will be no file; it can be asked for anew."""
    with platform_context():
        waiting = Archive.objects.filter(pk=archive.pk, status=Status.WAITING)
        waiting.update(status=Status.FAILED, leased_until=None, finished_at=now)


def forget_old(now: datetime) -> None:
    """Delete exports that were not fetched for long, and files that belong to none."""
    with platform_context():
        stuck = Archive.objects.filter(
            status=Status.WAITING, created_at__lte=now - _GIVEN_UP
        )
        stuck.update(status=Status.FAILED, leased_until=None, finished_at=now)
        for old in list(Archive.objects.filter(finished_at__lte=now - KEPT)):
            _forget(old)
        known = {str(pk) for pk in Clinic.objects.values_list("pk", flat=True)}
    for folder in Path(settings.ARCHIVE_ROOT).glob("*-*-*-*-*"):
        if folder.name not in known:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        for left in folder.glob("*.part"):  # by a worker that was killed
            if left.stat().st_mtime < (now - _GIVEN_UP).timestamp():
                left.unlink(missing_ok=True)


def _forget(archive: Archive) -> None:
    path_of(archive).unlink(missing_ok=True)
    with platform_context():
        Archive.objects.filter(pk=archive.pk).delete()
