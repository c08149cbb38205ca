"""How often one address may hold and book: enough for a family, too little for a bot."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from accounts import throttle
from bookings.pages import errors
from tenants.http import ClinicRequest

_LIMIT, _SECONDS = 300, 10 * 60


def booking_wait(request: ClinicRequest) -> int | None:
    """Count a hold or a booking; return for how many seconds no more is allowed."""
    address = throttle.client_address(request)
    return throttle.hit("page-booking", address, limit=_LIMIT, seconds=_SECONDS)


def too_many(request: ClinicRequest, wait: int) -> HttpResponse:
    """Say when to try again, and that nothing was changed."""
    minutes = -(-wait // 60)
    text = _(
        "From where you are, many times were chosen in a short while. Nothing was "
        "changed. Try again in %(minutes)d min, or call us."
    )
    response = errors.answer(
        request,
        429,
        "throttled",
        _("Please wait a little"),
        text % {"minutes": minutes},
    )
    response["Retry-After"] = str(wait)
    return response
