"""`manage.py import_clinic FILE [--slug S] [--as-new]`: a clinic out of its archive."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from bookings.interop.archive import arrival
from bookings.interop.archive.errors import ArchiveError


class Command(BaseCommand):
    """Make a clinic from an archive that was exported: whole, or not at all."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--slug", default="", help="Another address.")
        parser.add_argument(
            "--as-new",
            action="store_true",
            help="A copy with an identity of its own; links in old mails do not open it.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            clinic = arrival.receive(
                options["file"],
                by="import_clinic",
                now=now(),
                slug=options["slug"],
                as_new=options["as_new"],
            )
        except ArchiveError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{clinic.name} is ready at {clinic.url()}")
