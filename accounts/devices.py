"""Browsers that somebody has logged in with before.

They have a limit of wrong passwords of their own: whoever guesses at an account from
elsewhere uses up the account's limit, but does not lock its owner out.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.utils.crypto import salted_hmac

from accounts import cookies
from accounts.http import ClinicRequest
from accounts.models import User

COOKIE = "__Host-device" if settings.SESSION_COOKIE_SECURE else "device"


def known_as(request: ClinicRequest, email: str) -> str | None:
    """Return the name of this browser, if it has logged in to `email` here before."""
    raw = request.COOKIES.get(COOKIE, "")
    try:
        told = signing.loads(raw, salt=_salt(request), max_age=cookies.YEAR)
    except signing.BadSignature:
        return None
    return str(told["id"]) if told["whose"] == _whose(email) else None


def remember(request: ClinicRequest, response: HttpResponse, user: User) -> None:
    told = {"whose": _whose(user.email), "id": secrets.token_hex(8)}
    cookies.remember(response, COOKIE, signing.dumps(told, salt=_salt(request)))


def _whose(email: str) -> str:
    return salted_hmac("accounts.devices", email).hexdigest()  # readable by nobody


def _salt(request: ClinicRequest) -> str:
    return f"accounts.devices:{request.clinic.pk}"
