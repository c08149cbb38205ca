"""`manage.py export_clinic SLUG --to FILE`: all of a clinic's data as one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bookings.interop.archive import written
from bookings.interop.archive.errors import ArchiveError
from tenants import archives
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic


class Command(BaseCommand):
    """Write a clinic's archive here and now; owners do it on their own page."""

    help = __doc__

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
            with clinic_context(clinic):
                manifest = written.write(options["to"])
        except (ArchiveError, OSError) as error:
            raise CommandError(str(error)) from error
        archives.exported(clinic, by="export_clinic")
        rows = sum(entry.rows or 0 for entry in manifest.files.values())
        size = options["to"].stat().st_size
        self.stdout.write(
            f"{clinic.name}: {rows} rows in {len(manifest.files)} files, {size} bytes"
        )
