"""How often may be tried what somebody could guess at, and the page that says "later"."""

from math import ceil

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext

from accounts import devices, throttle
from accounts.http import ClinicRequest

_QUARTER = 15 * 60  # seconds
_HOUR = 60 * 60


def login_wait(request: ClinicRequest, email: str) -> int | None:
    """Count a try to log in; return for how many seconds no more is allowed."""
    device = devices.known_as(request, email)
    scope, ident = ("login-device", device) if device else ("login", email)
    address = throttle.client_address(request)
    return _longest(
        throttle.hit(scope, ident, limit=10, seconds=_QUARTER),
        throttle.hit("login-address", address, limit=50, seconds=_QUARTER),
    )


def login_succeeded(request: ClinicRequest, email: str) -> None:
    """Only wrong passwords count: take the try back."""
    device = devices.known_as(request, email)
    scope, ident = ("login-device", device) if device else ("login", email)
    throttle.forgive(scope, ident)
    throttle.forgive("login-address", throttle.client_address(request))


def mail_wait(request: HttpRequest, email: str) -> int | None:
    """Count a mail asked for by somebody unknown; return how long to wait, if so."""
    address = throttle.client_address(request)
    return _longest(
        throttle.hit("account-mail", email, limit=5, seconds=_HOUR),
        throttle.hit("account-mail-address", address, limit=20, seconds=_HOUR),
    )


def code_wait(pending_id: str) -> int | None:
    """Count a guess at a mailed code; guesses sent all at once count too."""
    return throttle.hit("signup-code", pending_id, limit=5, seconds=_QUARTER)


def password_wait(user_id: object) -> int | None:
    """Count a try to give the old password, in a session left open."""
    return throttle.hit("password", str(user_id), limit=10, seconds=_QUARTER)


def too_many(
    request: HttpRequest, wait: int, *, template: str = "accounts/too_many.html"
) -> HttpResponse:
    """Say when to try again. Says the same whether or not an account is known."""
    response = render(request, template, {"when": _when(wait)}, status=429)
    response["Retry-After"] = str(wait)
    return response


def _when(wait: int) -> str:
    if wait > 2 * _HOUR:
        hours = ceil(wait / _HOUR)
        return ngettext("in %(n)d hour", "in %(n)d hours", hours) % {"n": hours}
    minutes = ceil(wait / 60)
    return ngettext("in %(n)d minute", "in %(n)d minutes", minutes) % {"n": minutes}


def _longest(*waits: int | None) -> int | None:
    return max((wait for wait in waits if wait), default=None)
