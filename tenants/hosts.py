"""Host header → clinic. Nothing else chooses the clinic."""

import threading
import time
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http.request import split_domain_port

from tenants.context import PLATFORM, Platform, connection, platform_context
from tenants.models import Clinic

if TYPE_CHECKING:
    from collections.abc import MutableMapping

# Seconds a process may go on serving what it knew of clinics: bounds how long a
# suspension takes to be felt (≤ 5 s promised).
REMEMBER = 3.0
_MAX_REMEMBERED = 10_000
_remembered: "MutableMapping[str, Clinic]" = {}
Mark = Decimal
# While no row has come, gone or changed, which would stand elsewhere and be of another
# transaction, all that is known of hosts is true.
_MARK = """
    SELECT sum(hashtextextended(version, 0)) FROM (
        SELECT concat(tableoid, ctid, xmin) FROM tenants_clinic UNION ALL
        SELECT concat(tableoid, ctid, xmin) FROM tenants_domain UNION ALL
        SELECT concat(tableoid, ctid, xmin) FROM tenants_plan) AS known (version)
"""


class _Standing:
    """How the platform's tables stood at the last look, and how long that is good for."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.mark: Mark | None = None
        self.until = 0.0  # of the monotonic clock


_standing = _Standing()


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
        mark = _look_whether_all_is_as_it_was()
        return _remembered.get(host) or _remember(host, _look_up(host), mark)
    except (OperationalError, InterfaceError):
        if known is None:
            raise
        return known  # let the view say that nothing can be done just now


def remembered(host_header: str) -> Clinic | Platform | None:
    """Return who answers on the host if that is known, without asking anybody."""
    host = name_in(host_header)
    if host == settings.BASE_DOMAIN:
        return PLATFORM
    return _remembered.get(host) if time.monotonic() < _standing.until else None


@lru_cache(maxsize=4096)
def name_in(host_header: str) -> str:
    """Return the host's name as `Domain` and `Clinic.slug` have it, port ignored."""
    return split_domain_port(host_header)[0].removesuffix(".")


def forget() -> None:
    """Drop what is remembered, after a change that must be seen at once."""
    with _standing.lock:
        _remembered.clear()
        _standing.mark, _standing.until = None, 0.0


def _look_whether_all_is_as_it_was() -> Mark | None:
    """Forget all hosts if any clinic, domain or plan has changed; return the new mark.

    One look serves all clinics: looked up one by one, each would cost a thread and a
    query every few seconds, which is most of what a booking costs where there are many.

    Raises:
        OperationalError, InterfaceError: the database is away; what is known stays so.
    """
    with _standing.lock:
        now = time.monotonic()
        if now < _standing.until:
            return _standing.mark
        try:
            mark = _mark()
        finally:  # also if it is away: all who ask would wait for it, one by one
            _standing.until = now + REMEMBER
        if mark != _standing.mark:
            _remembered.clear()
            _standing.mark = mark
        return _standing.mark


def _mark() -> Mark:
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(_MARK)
        [mark] = cursor.fetchone()
    return mark or Mark()


def _remember(host: str, clinic: Clinic, mark: Mark | None) -> Clinic:
    """Keep it, unless all was forgotten since: then it may be how it was before."""
    with _standing.lock:
        if mark is _standing.mark:
            if len(_remembered) >= _MAX_REMEMBERED:
                _remembered.clear()
            _remembered[host] = clinic
    return clinic


def _look_up(host: str) -> Clinic:
    slug = host.removesuffix(f".{settings.BASE_DOMAIN}")
    own = {"domains__domain": host, "domains__verified_at__isnull": False}
    matches = own if slug == host else {"slug": slug}
    with platform_context():
        clinic = Clinic.objects.ready().filter(**matches).first()
    if clinic is None:
        raise UnknownHostError(host)
    return clinic
