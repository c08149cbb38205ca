"""Typed requests: what the middleware has put on them."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from accounts.models import User
    from tenants.models import Clinic


class PlatformRequest(HttpRequest):
    """A request to the public site."""

    clinic: None
    htmx: HtmxDetails


class ClinicRequest(HttpRequest):
    """A request to a clinic's host; the user may be anonymous."""

    clinic: "Clinic"
    tenant: "Clinic"
    htmx: HtmxDetails


class MemberRequest(ClinicRequest):
    """A request by somebody who is logged in at this clinic."""

    user: "User"
