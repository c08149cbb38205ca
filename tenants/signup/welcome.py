"""The link that takes a new owner from the sign-up into their clinic, logged in.

It is signed over the clinic's UUID and the owner, and good until the owner's first
log-in, by whatever door, and for ten minutes at most. Nothing is stored for it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.timezone import now as current_time

from accounts.models import User
from tenants.context import clinic_context
from tenants.models import Clinic
from tenants.signup.wishes import Wish

LASTS = timedelta(minutes=10)
_SALT = "tenants.signup.welcome"


class LinkEndedError(Exception):
    """The link was used, is too old, forged, or another clinic's."""


def link_for(wish: Wish, clinic: Clinic, *, now: datetime | None = None) -> str:
    """Make the link into a clinic that is ready; empty once it would open nothing."""
    if wish.ready_at + LASTS.total_seconds() <= (now or current_time()).timestamp():
        return ""
    with clinic_context(clinic):
        new = User.objects.filter(last_login=None, is_active=True)
        owner = new.filter(email=wish.email, role=User.Role.OWNER).first()
    if owner is None:
        return ""
    token = signing.dumps([str(clinic.pk), str(owner.pk)], salt=_SALT)
    return clinic.url(reverse("welcome-link", settings.ROOT_URLCONF, [token]))


def owner_of(token: str, clinic_id: UUID) -> User:
    """Return who a link would log in. Call it inside of the clinic.

    Raises:
        LinkEndedError: nobody, or nobody any more.
    """
    try:
        named, pk = signing.loads(token, salt=_SALT, max_age=LASTS)
    except signing.BadSignature as error:
        raise LinkEndedError from error
    if named != str(clinic_id):
        raise LinkEndedError
    user = User.objects.filter(pk=pk, is_active=True, role=User.Role.OWNER).first()
    if user is None or user.last_login is not None:
        raise LinkEndedError
    return user


def use(token: str, clinic_id: UUID, *, now: datetime | None = None) -> User:
    """Use the link up; return the user who is to be logged in.

    Raises:
        LinkEndedError: it opens nothing, or somebody was quicker.
    """
    user = owner_of(token, clinic_id)
    unused = User.objects.filter(pk=user.pk, last_login=None)
    if not unused.update(last_login=now or current_time()):
        raise LinkEndedError
    return user
