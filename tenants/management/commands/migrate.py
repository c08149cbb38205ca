"""`manage.py migrate` means all schemas here, not the platform's only."""

from typing import ClassVar

from django.db.migrations.autodetector import MigrationAutodetector

from tenants.management.commands.migrate_schemas import Command as MigrateSchemas

__all__ = ["Command"]


class Command(MigrateSchemas):
    # Django's own check compares it with makemigrations'.
    autodetector: ClassVar[type[MigrationAutodetector]] = MigrationAutodetector
