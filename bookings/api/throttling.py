"""Limits of the API: per user, or per address for those without a token.

A burst of 200 from one address always passes; most clinics share one address.
"""

from math import ceil
from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import throttle

READS, WRITES = 600, 300  # in a minute
COUNTED = "slotwell.counted"  # in the scope of a request
HOLDS_OF_GUESTS = 300  # in five minutes, for which a hold lasts


class AddressThrottle(BaseThrottle):
    """Counts reads and writes of a caller, each over a minute."""

    def __init__(self) -> None:
        self.left: int | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        del view
        if is_counted(request):
            return True
        is_read = request.method in SAFE_METHODS
        one = (read_by if is_read else write_by)(caller(request))
        self.left = throttle.hit(
            one.scope, one.ident, limit=one.limit, seconds=one.seconds
        )
        return self.left is None

    def wait(self) -> float | None:
        return ceil(self.left) if self.left else None


def read_by(who: str) -> throttle.Try:
    """One read, as it is counted."""
    return throttle.Try("api-read", who, READS, seconds=60)


def write_by(who: str) -> throttle.Try:
    """One write, as it is counted."""
    return throttle.Try("api-write", who, WRITES, seconds=60)


def is_counted(request: Request) -> bool:
    """Whether it was counted before Django was asked (`bookings.quick`)."""
    return COUNTED in getattr(request._request, "scope", ())


class GuestHoldThrottle(AddressThrottle):
    """Keeps one address from holding every time there is, on top of the usual limit."""

    def allow_request(self, request: Request, view: Any) -> bool:
        del view
        if request.user.is_authenticated or request.method in SAFE_METHODS:
            return True
        self.left = throttle.hit(
            "api-hold", caller(request), limit=HOLDS_OF_GUESTS, seconds=300
        )
        return self.left is None


def caller(request: Request) -> str:
    """Name who calls: a user of this clinic, or an address."""
    if request.user.is_authenticated:
        return user_named(request.user.pk)
    return address_named(throttle.client_address(request._request))


def user_named(user_id: object) -> str:
    return f"user:{user_id}"


def address_named(address: str) -> str:
    return f"address:{address}"
