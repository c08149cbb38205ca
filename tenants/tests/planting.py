"""A migration that is not there: the clinics' migrations with one more after them."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test import override_settings

from tenants.context import clinic_context, platform_context
from tenants.models import Blueprint, Clinic
from tenants.versions import current_version

_number = count()
_MIGRATION = """
from django.db import connection, migrations, models

{code}

class Migration(migrations.Migration):
    dependencies = [("bookings", "{last}")]
    operations = [{operations}]
"""
ADD_COLUMN = (
    'migrations.AddField("practice", "planted", models.TextField(db_default="new"))'
)


def plant(folder: Path, operations: str = ADD_COLUMN, *, code: str = "") -> str:
    """Write the package of bookings' migrations and one more; return its name."""
    package = f"planted_{next(_number)}"
    shutil.copytree(
        settings.BASE_DIR / "bookings" / "migrations",
        folder / package,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    last = max(path.stem for path in (folder / package).glob("0*.py"))
    text = _MIGRATION.format(code=code, last=last, operations=operations)
    (folder / package / "9999_planted.py").write_text(text)
    return package


def planted_env(folder: Path, package: str) -> dict[str, str]:
    """What a child process needs to run with it."""
    (folder / f"settings_{package}.py").write_text(
        "from config.settings import *\n"
        f"MIGRATION_MODULES = {{'bookings': '{package}'}}\n"
    )
    path = f"{folder}:{settings.BASE_DIR}"
    return {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": f"settings_{package}"}


@contextmanager
def planted(folder: Path, package: str) -> Iterator[None]:
    """Be code that has it."""
    sys.path.insert(0, str(folder))
    try:
        with override_settings(MIGRATION_MODULES={"bookings": package}):
            current_version.cache_clear()
            yield
    finally:
        sys.path.remove(str(folder))
        current_version.cache_clear()


@contextmanager
def as_before() -> Iterator[None]:
    """Take back what planted migrations did to the clinics that were there before."""
    with platform_context():
        kept = {each.pk: each.schema_version for each in Clinic.objects.ready()}
        texts = list(Blueprint.objects.all())
    yield
    with platform_context():
        for clinic in list(Clinic.objects.filter(pk__in=kept)):
            with clinic_context(clinic), connection.cursor() as cursor:
                cursor.execute(
                    "ALTER TABLE bookings_practice DROP COLUMN IF EXISTS planted;"
                    "DROP TABLE IF EXISTS bookings_planted;"
                    "DELETE FROM auth_permission WHERE codename LIKE '%_planted';"
                    "DELETE FROM django_content_type WHERE model = 'planted';"
                    "DELETE FROM django_migrations WHERE name = '9999_planted'"
                )
            Clinic.objects.filter(pk=clinic.pk).update(
                schema_version=kept[clinic.pk], migration_error=""
            )
        Blueprint.objects.all().delete()
        Blueprint.objects.bulk_create(texts)


def has_column(clinic: Clinic) -> bool:
    with clinic_context(clinic), connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM information_schema.columns WHERE"
            " table_schema = %s AND table_name = 'bookings_practice'"
            " AND column_name = 'planted')",
            [clinic.schema_name],
        )
        found: bool = cursor.fetchone()[0]
    return found
