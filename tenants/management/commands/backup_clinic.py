"""`manage.py backup_clinic SLUG --to FILE`: one clinic's schema, row and files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from tenants.backup import BackupError, back_up
from tenants.context import platform_context
from tenants.models import Clinic


class Command(BaseCommand):
    help = "Backs one clinic up by pg_dump, for restore_clinic on this platform."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--to", type=Path, required=True, metavar="FILE")

    def handle(self, *_args: Any, **options: Any) -> None:
        with platform_context():
            clinic = Clinic.objects.ready().filter(slug=options["slug"]).first()
        if clinic is None:
            message = f"No clinic has the address {options['slug']!r}."
            raise CommandError(message)
        try:
            back_up(clinic, options["to"], now=now())
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        size = options["to"].stat().st_size
        self.stdout.write(f"{clinic.name}: {size} bytes in {options['to']}")
