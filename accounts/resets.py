"""Links that let somebody choose a new password: one clinic's mean nothing at another.

The token is signed over the clinic's UUID besides what Django signs: the password, the
last log-in and the address. So it works once, and not after a later log-in.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from accounts import mail
from accounts.http import Clinic
from accounts.models import User


class ResetTokens(PasswordResetTokenGenerator):
    key_salt = "accounts.resets"

    def __init__(self, clinic_id: UUID) -> None:
        super().__init__()
        self.clinic_id = clinic_id

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{self.clinic_id}{super()._make_hash_value(user, timestamp)}"


def send(clinic: Clinic, email: str) -> None:
    """Mail a link, or, to an address without an account, that there is none.

    Raises:
        one of mail.FAILURES: it could not be sent.
    """
    user = User.objects.filter(email=email, is_active=True).first()
    if user and user.role == User.Role.SUPPORT:
        return  # it has no mailbox, and is to have no password
    if user:
        mail.send_reset_link(clinic, user.email, link_for(user, clinic))
    else:
        mail.send_no_account(clinic, email)


def link_for(user: User, clinic: Clinic) -> str:
    """Make the link to mail; its host is the clinic's own, whatever a request said."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = ResetTokens(clinic.pk).make_token(user)
    # Operators send it too, from the public site, whose addresses are others.
    path = reverse("accounts:reset-link", settings.ROOT_URLCONF, [uid, token])
    return clinic.url(path)


def owner_of(uid: str, token: str, clinic: Clinic) -> User | None:
    """Return whose password the link may set, or None: used, old, forged or foreign."""
    try:
        pk = UUID(urlsafe_base64_decode(uid).decode())
    except ValueError:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or user.role == User.Role.SUPPORT:
        return None
    return user if ResetTokens(clinic.pk).check_token(user, token) else None
