"""A clinic that comes out of an archive: whole, or not at all."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bookings.interop.archive.errors import ArchiveError
from bookings.interop.archive.loaded import load
from bookings.interop.archive.manifest import About, Manifest, instant
from bookings.interop.archive.opened import Opened, opened
from bookings.models import OutboxMessage
from tenants import due, media, provisioning
from tenants.context import current_clinic, platform_context
from tenants.locks import BusyError, only_one
from tenants.models import Clinic, Plan
from tenants.versions import current_version

Status = Clinic.Status


def receive(
    path: Path, *, by: str, now: datetime, slug: str = "", as_new: bool = False
) -> Clinic:
    """Make a clinic from an archive, with the UUID it had.

    A kill leaves at most a clinic that answers nowhere; a repeat replaces it.

    Args:
        slug: another address than the archive's.
        as_new: a copy with a UUID of its own. Links in mails that were sent open
            nothing there, and mail that was waiting is not sent again.

    Raises:
        ArchiveError: the archive, the address or the clinic's UUID is not acceptable.
    """
    with opened(path) as archive, platform_context():
        manifest = archive.manifest
        _check_version(manifest)
        try:
            with only_one(provisioning.ARRIVAL, wait=False):
                return _receive(archive, by=by, now=now, slug=slug, as_new=as_new)
        except BusyError as error:
            message = _("Another import is running. Try again when it is done.")
            raise ArchiveError(message) from error


def _check_version(manifest: Manifest) -> None:
    if manifest.schema_version != current_version():
        raise ArchiveError(
            _(
                "The archive has schema version %(theirs)s, this code has %(ours)s:"
                " import it where the versions are equal, and migrate there."
            )
            % {"theirs": manifest.schema_version[:64], "ours": current_version()}
        )


def _receive(
    archive: Opened, *, by: str, now: datetime, slug: str, as_new: bool
) -> Clinic:
    about = archive.manifest.clinic
    clinic_id = None if as_new else UUID(about.id)
    clinic = _reserve(about, slug or about.slug, clinic_id)

    def fill() -> None:
        load(archive)
        if as_new:
            waiting = OutboxMessage.objects.filter(state=OutboxMessage.State.WAITING)
            waiting.update(state=OutboxMessage.State.SKIPPED)
        _put_files(archive)

    try:
        provisioning.build_with(clinic, fill, by=by, **_facts(archive.manifest, now))
    except BaseException:
        if provisioning.give_up(clinic):
            media.remove(clinic.pk)
        raise
    due.wake(clinic, now)
    return clinic


def _reserve(about: About, slug: str, clinic_id: UUID | None) -> Clinic:
    here = Clinic.objects.ready().filter(pk=clinic_id).first()
    if here:
        message = _(
            "This clinic is here already, at %(slug)s. A copy of it needs --as-new"
            " and --slug."
        )
        raise ArchiveError(message % {"slug": here.slug})
    try:
        return provisioning.reserve_empty(
            slug=slug, name=about.name, timezone=about.timezone, clinic_id=clinic_id
        )
    except ValidationError as error:
        raise ArchiveError(f"{slug[:80]}: {' '.join(error.messages)}") from error


def _put_files(archive: Opened) -> None:
    clinic_id = current_clinic().pk
    media.remove(clinic_id)  # what a killed import may have left
    for name in archive.names(media.FOLDER):
        with archive.open(name) as content:
            media.put(clinic_id, name, content)


def _facts(manifest: Manifest, now: datetime) -> dict[str, Any]:
    """What the platform is to know of the clinic. A closed one comes back open."""
    about = manifest.clinic
    kept = {Status.TRIAL, Status.ACTIVE, Status.SUSPENDED}
    return {
        "status": about.status if about.status in kept else Status.ACTIVE,
        "plan": Plan.objects.filter(code=about.plan or "").first(),
        "created_at": instant(about.created_at) or now,
        "trial_ends_at": instant(about.trial_ends_at),
        # The UUID is the same: tokens from before would be good again.
        "tokens_since": now.replace(microsecond=0),
    }
