"""Fixtures for every room: two clinics in a real PostgreSQL, and ways to be in one.

- `clinic`: inside riverside, in a transaction that is rolled back. The usual one.
- `committed`: inside riverside with real commits, for threads, races and processes.
- `daphnes(n)`: that many web processes on this test database.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases

from bookings.tests.processes import Daphne, start_daphne
from tenants import hosts
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic
from tenants.provisioning import create_clinic

# The suite looks at a few examples; the long form at as many as the profile says.
hypothesis.settings.register_profile("short", max_examples=40, deadline=None)
hypothesis.settings.register_profile("long", max_examples=1500, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

CAST = {
    "riverside": ("Riverside Health", "Europe/London"),
    "harbor": ("Harbor Family Practice", "America/New_York"),
}
# Truncated after tests that commit; what migrations write stays.
_KEPT = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: Any,
) -> Iterator[None]:
    """Make the test database. pytest-django's own leaves it out when all tests that
    were chosen commit, since none of them then asks for `db`.
    """
    del django_test_environment, django_db_modify_db_settings
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
    yield
    with django_db_blocker.unblock():
        _end_other_sessions()
        teardown_databases(made, verbosity=0)


def _end_other_sessions() -> None:
    """What a killed process had open may outlive it by a moment; no DROP waits for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def _clinics(django_db_setup: None, django_db_blocker: Any) -> dict[str, Clinic]:
    """Create both clinics once; migrating a schema for each test would take minutes."""
    del django_db_setup
    with django_db_blocker.unblock():
        made = {slug: _create(slug) for slug in CAST}
        for clinic in made.values():
            _empty(clinic)
    return made


def _create(slug: str) -> Clinic:
    name, zone = CAST[slug]
    clinic, _ = create_clinic(
        slug=slug,
        name=name,
        timezone=zone,
        owner_email=f"owner@{slug}.example",
        owner_password=None,
    )
    return clinic


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    """No test sees what another left in a process's memory, or its rate limits."""
    hosts.forget()
    cache.clear()


@pytest.fixture
def clinic(_clinics: dict[str, Clinic], db: None) -> Iterator[Clinic]:
    """Be inside riverside; what the test writes is rolled back."""
    del db
    with clinic_context(_clinics["riverside"]):
        yield _clinics["riverside"]


@pytest.fixture
def other_clinic(_clinics: dict[str, Clinic], db: None) -> Clinic:
    """Harbor, not entered."""
    del db
    return _clinics["harbor"]


@pytest.fixture
def committed(_clinics: dict[str, Clinic], django_db_blocker: Any) -> Iterator[Clinic]:
    """Be inside riverside with real commits; both clinics are emptied afterwards."""
    with django_db_blocker.unblock():
        with clinic_context(_clinics["riverside"]):
            yield _clinics["riverside"]
        for each in _clinics.values():
            _empty(each)
        connection.close()


def _empty(clinic: Clinic) -> None:
    with clinic_context(clinic), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - _KEPT
        names = ", ".join(
            f'"{clinic.schema_name}"."{table}"' for table in sorted(tables)
        )
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        cursor.execute("DELETE FROM public.tenants_duework")


@pytest.fixture
def clinic_client(clinic: Clinic) -> Client:
    """A browser at riverside."""
    return Client(headers={"host": f"{clinic.slug}.localhost"})


@pytest.fixture
def other_client(other_clinic: Clinic) -> Client:
    """A browser at harbor."""
    return Client(headers={"host": f"{other_clinic.slug}.localhost"})


@pytest.fixture
def daphnes() -> Iterator[Callable[..., list[str]]]:
    """Start web processes on the test database; use it together with `committed`.

    `daphnes(2, env={"REDIS_URL": …})` gives addresses such as `127.0.0.1:43211`, to be
    called with the clinic's Host header.
    """
    running: list[Daphne] = []

    def start(count: int = 1, *, env: dict[str, str] | None = None) -> list[str]:
        new = [start_daphne(env or {}) for _ in range(count)]
        running.extend(new)
        for each in new:
            each.wait_until_ready()
        return [each.address for each in new]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def platform(db: None) -> Iterator[None]:
    """Be on the platform's own tables."""
    del db
    with platform_context():
        yield
