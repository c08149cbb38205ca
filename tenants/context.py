"""Which clinic is this? The only user of the django-tenants connection API.

A clinic is set on the *thread's* connection. Coroutines and other threads do not
inherit it: code off the request path enters `clinic_context` in the one synchronous
function that does its database work.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db import connection as _connection

if TYPE_CHECKING:
    from tenants.models import Clinic


class NoClinicError(RuntimeError):
    """Code that needs a clinic ran outside of one."""


@dataclass(frozen=True)
class Platform:
    """Stands where a clinic stands, on the public site and in operators' work."""

    schema_name: str = "public"

    def get_tenant_type(self) -> None:
        return None


PLATFORM = Platform()
# Django types it as any backend's; ours is tenants.postgresql.
connection = cast("Any", _connection)


def current_clinic() -> "Clinic":
    """Return the clinic that this thread works for.

    Raises:
        NoClinicError: none is set, or it is the platform.
    """
    from tenants.models import Clinic  # noqa: PLC0415 (models import this module)

    tenant = connection.tenant
    if not isinstance(tenant, Clinic):
        message = "No clinic is set: enter clinic_context() first."
        raise NoClinicError(message)
    return tenant


@contextmanager
def clinic_context(clinic: "Clinic") -> Iterator["Clinic"]:
    """Work for `clinic` inside the block, then for whom it was before."""
    with acting_for(clinic):
        yield clinic


@contextmanager
def platform_context() -> Iterator[None]:
    """Work on the platform's own tables (schema `public`) inside the block."""
    with acting_for(PLATFORM):
        yield


@contextmanager
def acting_for(tenant: "Clinic | Platform") -> Iterator[None]:
    """Enter either; for the middleware, which learns from the host which it is."""
    before = connection.tenant
    connection.set_tenant(tenant)
    try:
        yield
    finally:
        connection.set_tenant(before)


def each_clinic() -> Iterator["Clinic"]:
    """Enter each active clinic in turn, by slug; one whose migration failed rests."""
    from tenants.models import Clinic  # noqa: PLC0415 (models import this module)

    with platform_context():
        serving = Clinic.objects.active().filter(migration_error="")
        clinics = list(serving.order_by("slug"))
    for clinic in clinics:
        with clinic_context(clinic):
            yield clinic
        rest()


def rest() -> None:
    """Between two clinics of many: have another backend when this one has grown large.

    Nothing happens in a transaction, or while a lock of the session's is held.
    """
    if not connection.is_heavy:
        return
    if not (connection.in_atomic_block or connection.session_locks):
        connection.close()


def as_it_is_now(clinic: "Clinic") -> "Clinic | None":
    """Read a clinic anew, with its plan; None if it is not to be worked for any more."""
    with platform_context():
        serving = type(clinic).objects.active().filter(migration_error="")
        return serving.filter(pk=clinic.pk).first()


def scope_name() -> str:
    """Name the owner of this thread's cache keys: a clinic's UUID, or `platform`.

    Raises:
        NoClinicError: nobody said for whom this thread works.
    """
    if connection.tenant is PLATFORM:
        return "platform"
    return str(current_clinic().pk)


def cache_key(key: object, prefix: str, version: object) -> str:
    """Build a cache key that names its clinic (Django's `KEY_FUNCTION`)."""
    return f"{scope_name()}:{prefix}:{version}:{key}"


def reverse_cache_key(key: str) -> str:
    """Undo `cache_key` (django-redis' `REVERSE_KEY_FUNCTION`)."""
    return key.split(":", 3)[3]


def redis_key(clinic_id: UUID, *parts: object) -> str:
    """Name a Redis key, lock or group of one clinic, by its immutable UUID."""
    return ":".join(("slotwell", str(clinic_id), *map(str, parts)))
