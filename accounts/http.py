"""Typed requests. The clinic is given by whoever serves the request, never imported."""

from typing import Protocol
from uuid import UUID

from django.http import HttpRequest

from accounts.models import User


class Clinic(Protocol):
    """What accounts needs to know of the clinic at whose host they live."""

    @property
    def pk(self) -> UUID: ...

    @property
    def name(self) -> str: ...

    def url(self, path: str = "/") -> str:
        """Return the absolute address of `path` at the clinic."""


class ClinicRequest(HttpRequest):
    """A request to a clinic's host; the user may be anonymous."""

    clinic: Clinic


class MemberRequest(ClinicRequest):
    """A request by somebody who is logged in at this clinic."""

    user: User
