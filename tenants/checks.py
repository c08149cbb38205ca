"""System checks: the settings that keep clinics apart, and every clinic's tables."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import ProgrammingError, connection

from tenants.context import platform_context
from tenants.models import Clinic
from tenants.versions import current_version

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_COOKIES = ("SESSION", "CSRF", "LANGUAGE")


def check_settings(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Refuse settings under which one clinic could see another's rows or cookies."""
    del app_configs, kwargs
    return [checks.Error(text, id=name) for name, text in _wrong_settings()]


def check_tables(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Look for each active clinic's tables (`manage.py check --database default`).

    A table that a migration is still to make is a warning, as `migrate` itself runs
    this check first; a table that is gone is an error.
    """
    del app_configs, kwargs
    if not databases:
        return []
    expected = _expected_tables()
    with platform_context():
        try:
            clinics = list(Clinic.objects.active())
        except ProgrammingError:  # before the very first migration
            return []
        found = _tables_of(clinics)
    lacking = {each: expected - found[each.schema_name] for each in clinics}
    return [_complain(clinic, gone) for clinic, gone in lacking.items() if gone]


def _wrong_settings() -> Iterator[tuple[str, str]]:
    database = settings.DATABASES["default"]
    if database["ENGINE"] != "tenants.postgresql":
        yield (
            "tenants.E001",
            (
                "The database engine must be tenants.postgresql: any other puts the "
                "platform's tables on a clinic's search path."
            ),
        )
    if settings.TENANT_LIMIT_SET_CALLS:
        yield (
            "tenants.E002",
            (
                "TENANT_LIMIT_SET_CALLS must be False: a remembered search path that is "
                "stale shows another clinic's rows."
            ),
        )
    if "public" in settings.PG_EXTRA_SEARCH_PATHS:
        yield (
            "tenants.E003",
            (
                "PG_EXTRA_SEARCH_PATHS must not have `public`: a missing clinic table "
                "would read and write the platform's."
            ),
        )
    if not _DOMAIN.fullmatch(settings.BASE_DOMAIN):
        yield (
            "tenants.E004",
            (
                f"BASE_DOMAIN {settings.BASE_DOMAIN!r} must be a bare domain in small "
                "letters, without scheme, port or dots at its ends."
            ),
        )
    if database.get("CONN_MAX_AGE", 0) != 0:
        yield (
            "tenants.E005",
            ("CONN_MAX_AGE must be 0: the pool keeps connections, threads must not."),
        )
    for name in _COOKIES:
        if getattr(settings, f"{name}_COOKIE_DOMAIN") is not None:
            yield (
                "tenants.E006",
                (
                    f"{name}_COOKIE_DOMAIN must be unset: clinics' hosts are siblings, and "
                    "would get each other's cookies."
                ),
            )


def _expected_tables() -> set[str]:
    configs = [each for each in apps.get_app_configs() if _is_for_clinics(each.name)]
    models = [m for each in configs for m in each.get_models(include_auto_created=True)]
    return {m._meta.db_table for m in models if m._meta.managed and not m._meta.proxy}


def _is_for_clinics(app_name: str) -> bool:
    return app_name in settings.TENANT_APPS


def _tables_of(clinics: list[Clinic]) -> dict[str, set[str]]:
    """Return the names of tables by schema, in one query for all clinics."""
    found = defaultdict(set)
    schemas = [clinic.schema_name for clinic in clinics]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)",
            [schemas],
        )
        for schema, table in cursor.fetchall():
            found[schema].add(table)
    return found


def _complain(clinic: Clinic, gone: set[str]) -> checks.CheckMessage:
    names = ", ".join(sorted(gone))
    if clinic.schema_version != current_version():
        text = f"Clinic {clinic.slug} waits for migrations; it lacks {names}."
        hint = "Run manage.py migrate_schemas."
        return checks.Warning(text, hint=hint, id="tenants.W010")
    text = f"Clinic {clinic.slug} has lost {names}, though its migrations are done."
    hint = "Restore its schema from a backup; until then its pages fail."
    return checks.Error(text, hint=hint, id="tenants.E010")
