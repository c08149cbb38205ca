"""The prepared text makes the very schema that the migrations make."""

import re

import pytest
from django.db import connection

from tenants import blueprint
from tenants.context import Platform, acting_for, platform_context
from tenants.models import Blueprint

SCHEMA = "c_by_migrations"


@pytest.fixture
def by_migrations(committed):
    """A schema that was migrated, not made from the text."""
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
    with acting_for(Platform(SCHEMA)):
        blueprint.migrate_here()
    yield SCHEMA
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def test_a_clinic_has_what_the_migrations_make(by_migrations, committed):
    with acting_for(Platform(by_migrations)):
        wanted = blueprint.read(by_migrations)
    assert _tables(blueprint.read(committed.schema_name)) == _tables(wanted)
    assert _tables(blueprint.prepare()) == _tables(wanted)
    assert "bookings_appointment" in wanted


def test_the_text_is_written_once_and_anew_for_another_version(committed, monkeypatch):
    kept = blueprint.prepare()
    monkeypatch.setattr(blueprint, "_write", None)  # would be called
    assert blueprint.prepare() == kept

    monkeypatch.undo()
    monkeypatch.setattr(blueprint, "current_version", lambda: "another")
    assert _tables(blueprint.prepare()) == _tables(kept)
    with platform_context():
        assert [each.version for each in Blueprint.objects.all()] == ["another"]
        Blueprint.objects.all().delete()


def test_what_the_text_cannot_say_is_an_error_and_not_left_out(by_migrations):
    with acting_for(Platform(by_migrations)):
        with connection.cursor() as cursor:
            cursor.execute("CREATE VIEW strange AS SELECT 1")
        with pytest.raises(blueprint.UnknownObjectError, match="strange"):
            blueprint.read(by_migrations)


def _tables(ddl):
    """Leave out the rows, since when a migration ran differs, and what PostgreSQL adds
    to an expression each time that it reads it: casts and parentheses.
    """
    tables = [each for each in ddl.split(";\n") if not each.startswith("INSERT")]
    return [re.sub(r"::(text|character varying)(\[\])?|[()]", "", t) for t in tables]
