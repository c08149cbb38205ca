"""Makes the clinic of a proven wish, once, however often it is asked for."""

import logging
from uuid import UUID

from django.db import DatabaseError

from accounts.models import User
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic, Provisioning
from tenants.provisioning import AddressTakenError, Owner, build, reserve
from tenants.signup.wishes import Wish

logger = logging.getLogger(__name__)


def make(wish: Wish) -> tuple[Clinic, bool]:
    """Make the wish's clinic; finish it if it is half-made.

    Returns:
        The clinic, and whether this call made it ready. If building failed, its status
        stays `creating`, and a worker goes on.

    Raises:
        AddressTakenError: somebody else has the address.
    """
    try:
        clinic = _reserved(wish)
    except AddressTakenError:
        made = _made_before(wish)
        if made is None:
            raise
        return made, False
    try:
        is_new = build(clinic)
    except (DatabaseError, OSError):
        logger.exception("the clinic %s has to wait for a worker", clinic.pk)
        is_new = False
    return clinic, is_new


def clinic_of(wish: Wish) -> Clinic | None:
    """Return the clinic that was made of a wish, as it is now."""
    if not wish.clinic_id:
        return None
    with platform_context():
        return Clinic.objects.filter(pk=UUID(wish.clinic_id)).first()


def _reserved(wish: Wish) -> Clinic:
    """Take the address. What the owner of a half-made clinic says last is what counts."""
    owner = Owner(email=wish.email, name=wish.owner, password=wish.password)
    clinic = reserve(
        slug=wish.slug,
        name=wish.name,
        timezone=wish.timezone,
        owner=owner,
        is_trial=True,
    )
    with platform_context():
        half_made = Clinic.objects.filter(pk=clinic.pk, status=Clinic.Status.CREATING)
        half_made.update(name=wish.name, timezone=wish.timezone)
        Provisioning.objects.filter(clinic=clinic).update(
            owner_name=wish.owner, owner_password=wish.password
        )
    return clinic


def _made_before(wish: Wish) -> Clinic | None:
    """Find this very wish's clinic: made by a second click, or by a worker.

    Its owner has the very hash that the wish has, salt and all.
    """
    with platform_context():
        clinic = Clinic.objects.ready().filter(slug=wish.slug).first()
    if clinic is None:
        return None
    with clinic_context(clinic):
        same = User.objects.filter(email=wish.email, password=wish.password)
        return clinic if same.exists() else None
