"""`manage.py missing_migrations`: do models and migrations agree? Needs no database.

`makemigrations --check` asks the same, but waits for a database first.
"""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState


class Command(BaseCommand):
    """Fail, naming what is missing, when a migration should be written."""

    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command."""
        loader = MigrationLoader(None)
        if conflicts := loader.detect_conflicts():
            raise CommandError(f"Two last migrations, merge them: {conflicts}")
        written, wanted = loader.project_state(), ProjectState.from_apps(apps)
        changes = MigrationAutodetector(written, wanted).changes(graph=loader.graph)
        missing = [
            f"{app}: {operation.describe()}"
            for app, migrations in changes.items()
            for migration in migrations
            for operation in migration.operations
        ]
        if missing:
            raise CommandError("Run makemigrations:\n" + "\n".join(missing))
