"""Each check is shown the very mistake that it is there for."""

import pytest
from django.db import connection

from tenants import checks
from tenants.context import platform_context
from tenants.models import Clinic


def test_our_settings_pass():
    assert checks.check_settings(None) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TENANT_LIMIT_SET_CALLS", True, "tenants.E002"),
        ("PG_EXTRA_SEARCH_PATHS", ["extensions", "public"], "tenants.E003"),
        ("BASE_DOMAIN", "", "tenants.E004"),
        ("BASE_DOMAIN", "https://slotwell.example", "tenants.E004"),
        ("BASE_DOMAIN", "slotwell.example:8000", "tenants.E004"),
        ("BASE_DOMAIN", ".slotwell.example", "tenants.E004"),
        ("BASE_DOMAIN", "slotwell.example.", "tenants.E004"),
        ("BASE_DOMAIN", "Slotwell.example", "tenants.E004"),
        ("SESSION_COOKIE_DOMAIN", ".slotwell.example", "tenants.E006"),
        ("CSRF_COOKIE_DOMAIN", ".slotwell.example", "tenants.E006"),
        ("LANGUAGE_COOKIE_DOMAIN", ".slotwell.example", "tenants.E006"),
    ],
)
def test_a_setting_that_would_mix_clinics_is_an_error(settings, name, value, expected):
    setattr(settings, name, value)
    assert [found.id for found in checks.check_settings(None)] == [expected]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ENGINE", "django_tenants.postgresql_backend", "tenants.E001"),
        ("ENGINE", "django.db.backends.postgresql", "tenants.E001"),
        ("CONN_MAX_AGE", 60, "tenants.E005"),
        ("CONN_MAX_AGE", None, "tenants.E005"),
    ],
)
def test_a_database_setting_that_would_mix_clinics_is_an_error(
    settings, monkeypatch, name, value, expected
):
    monkeypatch.setitem(settings.DATABASES["default"], name, value)
    assert [found.id for found in checks.check_settings(None)] == [expected]


@pytest.mark.parametrize("domain", ["localhost", "slotwell.example", "a-b.c.example"])
def test_a_bare_domain_passes(settings, domain):
    settings.BASE_DOMAIN = domain
    assert checks.check_settings(None) == []


def test_whole_clinics_pass(clinic):
    assert checks.check_tables(None, databases=["default"]) == []


def test_the_database_is_left_alone_unless_asked_for():
    assert checks.check_tables(None, databases=None) == []


@pytest.mark.parametrize("table", ["accounts_user", "django_session", "bookings_slot"])
def test_a_lost_table_is_an_error_that_names_it(clinic, table):
    _run(f'ALTER TABLE "{table}" RENAME TO gone')
    [found] = checks.check_tables(None, databases=["default"])
    assert found.id == "tenants.E010"
    assert f"Clinic riverside has lost {table}," in found.msg


def test_a_lost_schema_is_an_error(clinic):
    _run(f'ALTER SCHEMA "{clinic.schema_name}" RENAME TO gone')
    [found] = checks.check_tables(None, databases=["default"])
    assert found.id == "tenants.E010"


def test_a_table_that_is_still_to_be_made_is_a_warning(clinic):
    """Else `migrate`, which runs this check first, could never make it."""
    _run('ALTER TABLE "bookings_slot" RENAME TO gone')
    with platform_context():
        Clinic.objects.filter(pk=clinic.pk).update(schema_version="older")
    [found] = checks.check_tables(None, databases=["default"])
    assert found.id == "tenants.W010"


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
