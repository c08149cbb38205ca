"""How often one network address may do what a sign-up does."""

from django.http import HttpResponse

from accounts import limits, throttle
from tenants.http import PlatformRequest

_DAY = 24 * 60 * 60  # seconds
_QUARTER = 15 * 60
CLINICS_A_DAY = 5
_CLINIC = "signup-clinic"


def mail_wait(request: PlatformRequest, email: str) -> int | None:
    """Count a mailed code; return how many seconds to wait, if so.

    Who has made all the clinics of a day is told so before typing a code.
    """
    address = throttle.client_address(request)
    return throttle.wait(_CLINIC, address, limit=CLINICS_A_DAY) or limits.mail_wait(
        request, email
    )


def clinic_wait(request: PlatformRequest) -> int | None:
    """Count a clinic that is to be made."""
    address = throttle.client_address(request)
    return throttle.hit(_CLINIC, address, limit=CLINICS_A_DAY, seconds=_DAY)


def forgive_clinic(request: PlatformRequest) -> None:
    """No clinic came of it: take it back."""
    throttle.forgive(_CLINIC, throttle.client_address(request))


def check_wait(request: PlatformRequest) -> int | None:
    """Count an address looked up while typing."""
    address = throttle.client_address(request)
    return throttle.hit("signup-check", address, limit=600, seconds=_QUARTER)


def too_many(request: PlatformRequest, wait: int) -> HttpResponse:
    return limits.too_many(request, wait, template="tenants/signup/too_many.html")
