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
HOLDS_OF_GUESTS = 300  # in five minutes, for which a hold lasts


class AddressThrottle(BaseThrottle):
    """Counts reads and writes of a caller, each over a minute."""

    scope, seconds = "api", 60

    def __init__(self) -> None:
        self.left: int | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        del view
        is_read = request.method in SAFE_METHODS
        self.left = throttle.hit(
            f"{self.scope}-{'read' if is_read else 'write'}",
            caller(request),
            limit=READS if is_read else WRITES,
            seconds=self.seconds,
        )
        return self.left is None

    def wait(self) -> float | None:
        return ceil(self.left) if self.left else None


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
        return f"user:{request.user.pk}"
    return f"address:{throttle.client_address(request._request)}"
