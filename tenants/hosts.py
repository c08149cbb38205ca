"""Host header → clinic. Nothing else chooses the clinic."""

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http.request import split_domain_port

from tenants.context import PLATFORM, Platform, platform_context
from tenants.models import Clinic

if TYPE_CHECKING:
    from collections.abc import MutableMapping

# Seconds a process may go on serving what it knew of a clinic: bounds how long a
# suspension takes to be felt (≤ 5 s promised).
REMEMBER = 3.0
_MAX_REMEMBERED = 10_000
_remembered: "MutableMapping[str, tuple[float, Clinic]]" = {}


class UnknownHostError(LookupError):
    """No clinic, and not the public site, answers on this host."""


def resolve(host_header: str) -> Clinic | Platform:
    """Return who answers on the host, port ignored.

    Raises:
        UnknownHostError: nobody does, or the clinic is not ready.
        OperationalError, InterfaceError: the database is away, and was never asked
            about this host.
    """
    host = name_in(host_header)
    if host == settings.BASE_DOMAIN:
        return PLATFORM
    if fresh := remembered(host):
        return fresh
    known = _remembered.get(host)
    try:
        clinic = _look_up(host)
    except (OperationalError, InterfaceError):
        if known is None:
            raise
        clinic = known[1]  # let the view say that nothing can be done just now
    if len(_remembered) >= _MAX_REMEMBERED:
        _remembered.clear()
    _remembered[host] = (time.monotonic() + REMEMBER, clinic)
    return clinic


def remembered(host_header: str) -> Clinic | Platform | None:
    """Return who answers on the host if that is known, without asking anybody."""
    host = name_in(host_header)
    if host == settings.BASE_DOMAIN:
        return PLATFORM
    known = _remembered.get(host)
    return known[1] if known and known[0] > time.monotonic() else None


def name_in(host_header: str) -> str:
    """Return the host's name as `Domain` and `Clinic.slug` have it, port ignored."""
    return split_domain_port(host_header)[0].removesuffix(".")


def forget() -> None:
    """Drop what is remembered, after a change that must be seen at once."""
    _remembered.clear()


def _look_up(host: str) -> Clinic:
    slug = host.removesuffix(f".{settings.BASE_DOMAIN}")
    own = {"domains__domain": host, "domains__verified_at__isnull": False}
    matches = own if slug == host else {"slug": slug}
    with platform_context():
        clinic = Clinic.objects.ready().filter(**matches).first()
    if clinic is None:
        raise UnknownHostError(host)
    return clinic
