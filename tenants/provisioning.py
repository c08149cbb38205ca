"""The only birth of a clinic's schema. Takes values, not a form; safe to repeat."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.core.management import call_command
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connection

from accounts.models import User
from tenants import hosts
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic

# Any constant: advisory locks of one database share one space of numbers.
_LOCK_SPACE = 0x510717


def create_clinic(
    *, slug: str, name: str, timezone: str, owner_email: str, owner_password: str | None
) -> tuple[Clinic, bool]:
    """Create a clinic, its schema and its owner; finish one that was left half-made.

    The clinic stays in state `creating`, which no host answers for, until all is there.

    Returns:
        The clinic, and whether this call made it ready.

    Raises:
        ValidationError: a value is not acceptable.
    """
    with platform_context():
        clinic = _reserve(slug=slug, name=name, timezone=timezone)
        with _only_one(clinic.pk):
            clinic.refresh_from_db()
            if clinic.status != Clinic.Status.CREATING:
                return clinic, False
            _build_schema(clinic)
            _make_owner(clinic, owner_email, owner_password)
            clinic.status = Clinic.Status.ACTIVE
            clinic.save(update_fields=["status"])
    hosts.forget()
    return clinic, True


def _reserve(*, slug: str, name: str, timezone: str) -> Clinic:
    clinic = Clinic(slug=slug, name=name, timezone=timezone)
    clinic.full_clean(validate_unique=False, validate_constraints=False)
    found, _ = Clinic.objects.get_or_create(
        slug=slug, defaults={"name": name, "timezone": timezone}
    )
    return found


@contextmanager
def _only_one(clinic_id: UUID) -> Iterator[None]:
    """Make racing creators of one clinic queue, by a session's advisory lock."""
    key = [_LOCK_SPACE, clinic_id.int & 0x7FFFFFFF]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", key)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def _build_schema(clinic: Clinic) -> None:
    """Make the schema and bring it to the newest migration; repeats do no harm."""
    schema = connection.ops.quote_name(clinic.schema_name)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    # Django's own command, not migrate_schemas: that one closes the connection, and
    # the lock would stay behind in the pool.
    with clinic_context(clinic):
        call_command(MigrateCommand(), verbosity=0, interactive=False)


def _make_owner(clinic: Clinic, email: str, password: str | None) -> None:
    with clinic_context(clinic):
        if not User.objects.filter(email__iexact=email).exists():
            User.objects.create_user(
                email=email, password=password, role=User.Role.OWNER, name=clinic.name
            )
