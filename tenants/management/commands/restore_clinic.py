"""`manage.py restore_clinic FILE [--slug S] [--replace]`: a clinic from its backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from tenants.backup import BackupError, restore
from tenants.context import platform_context
from tenants.versions import current_version


class Command(BaseCommand):
    help = "Brings one clinic back as it was when it was backed up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--slug", default="", help="Another address, if it is lost."
        )
        parser.add_argument(
            "--replace",
            action="store_true",
            help="Drop the clinic's data as it is now, if it is there.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            clinic = restore(
                options["file"],
                now=now(),
                slug=options["slug"],
                replace=options["replace"],
            )
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{clinic.name} is back at {clinic.url()}")
        with platform_context():
            is_current = clinic.schema_version == current_version()
        if not is_current:
            self.stdout.write("Its tables are of another version: run migrate_schemas.")
