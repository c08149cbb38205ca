"""`manage.py publish_slots [--clinic SLUG]`: bring slots in line with working hours."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bookings.actions import slots
from tenants.context import each_clinic


class Command(BaseCommand):
    """Publish the slots of each clinic up to its horizon; safe to repeat."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--clinic", metavar="SLUG", help="Only this one.")

    def handle(self, *_args: Any, **options: Any) -> None:
        wanted = options["clinic"]
        seen = False
        for clinic in each_clinic():
            if wanted in {None, clinic.slug}:
                seen = True
                done = slots.publish()
                self.stdout.write(
                    f"{clinic.slug}: {done.made} new, {done.withdrawn} withdrawn, "
                    f"{done.given_back} given back"
                )
        if wanted and not seen:
            message = f"No active clinic has the address {wanted!r}."
            raise CommandError(message)
