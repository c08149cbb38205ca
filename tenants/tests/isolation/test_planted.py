"""Leaks planted on purpose: each check must find the one that it is there for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import caches
from django_tenants.postgresql_backend.base import DatabaseWrapper as Permissive

from accounts import tokens
from bookings.pages import media
from tenants import asgi
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic
from tenants.postgresql.base import DatabaseWrapper
from tenants.storage import ClinicStorage
from tenants.tests.isolation import checks
from tenants.tests.isolation.checks import Twins

Plant = Callable[[pytest.MonkeyPatch, Twins], None]


def public_on_the_path(patch, twins):
    def set_tenant(self, tenant: Any, include_public: bool = False) -> None:
        del include_public
        Permissive.set_tenant(self, tenant, include_public=True)

    patch.setattr(DatabaseWrapper, "set_tenant", set_tenant)


def the_other_s_schema(patch, twins):
    riverside, harbor = twins

    def set_tenant(self, tenant: Any, include_public: bool = False) -> None:
        del include_public
        Permissive.set_tenant(self, tenant, include_public=False)
        if tenant == riverside:
            self.schema_name = harbor.schema_name

    patch.setattr(DatabaseWrapper, "set_tenant", set_tenant)


def audience_unchecked(patch, twins):
    def read(token: str, clinic_id: object) -> Any:
        del clinic_id
        return jwt.decode(
            token,
            settings.JWT_SECRET,
            algorithms=["HS256"],
            options={"verify_aud": False},
        )

    patch.setattr(tokens, "_read", read)


def cache_keys_without_clinic(patch, twins):
    def key_of(key: object, prefix: str, version: object) -> str:
        return f"{prefix}:{version}:{key}"

    patch.setattr(caches["default"], "key_func", key_of)


def any_subdomain_as_origin(patch, twins):
    def same_site(origin: str | None, host: str) -> bool:
        del host
        return origin is None or origin.endswith(".localhost:8000")

    patch.setattr(asgi, "_same_origin", same_site)


def origin_by_its_beginning(patch, twins):
    patch.setattr(
        asgi, "_same_origin", lambda origin, host: origin.startswith(f"http://{host}")
    )


def storage_of_everybody(patch, twins):
    where = property(lambda _self: str(Path(settings.MEDIA_ROOT)))
    patch.setattr(ClinicStorage, "base_location", where)


def files_without_a_row(patch, twins):
    anything = media.Kind(names=lambda _name: True, may_see=media.anybody)
    patch.setattr(media, "KINDS", {"logo": anything})


def sessions_of_the_platform(patch, twins):
    def load(self) -> Any:
        with platform_context():
            return real(self)

    real = SessionStore.load
    patch.setattr(SessionStore, "load", load)


def sessions_of_the_other_clinic(patch, twins):
    def load(self) -> Any:
        with clinic_context(twins[0]):
            return real(self)

    real = SessionStore.load
    patch.setattr(SessionStore, "load", load)


LEAKS: list[tuple[Plant, Callable[[Twins], None]]] = [
    (public_on_the_path, checks.search_path),
    (the_other_s_schema, checks.search_path),
    (the_other_s_schema, checks.pages),
    (audience_unchecked, checks.foreign_tokens),
    (cache_keys_without_clinic, checks.keys_in_redis),
    (any_subdomain_as_origin, checks.origins),
    (origin_by_its_beginning, checks.origins),
    (storage_of_everybody, checks.files),
    (files_without_a_row, checks.served_files),
    (sessions_of_the_platform, checks.operators_cookies),
    (sessions_of_the_other_clinic, checks.foreign_cookies),
]


@pytest.mark.parametrize("check", sorted({c for _, c in LEAKS}, key=str))
def test_nothing_leaks_as_it_is(twins: tuple[Clinic, Clinic], check):
    check(twins)


@pytest.mark.parametrize(("plant", "check"), LEAKS)
def test_a_planted_leak_is_found(twins, monkeypatch, plant, check):
    plant(monkeypatch, twins)
    with pytest.raises(AssertionError):
        check(twins)
