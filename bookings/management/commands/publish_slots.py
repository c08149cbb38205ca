"""`manage.py publish_slots [--clinic SLUG]`: bring slots in line with working hours."""

from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from bookings import locking
from bookings.actions import slots
from bookings.actions.misfits import clock_changed
from tenants.context import each_clinic

if TYPE_CHECKING:
    from tenants.models import Clinic


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
                self._report_clocks(clinic)
        if wanted and not seen:
            message = f"No active clinic has the address {wanted!r}."
            raise CommandError(message)

    def _report_clocks(self, clinic: "Clinic") -> None:
        """Name the visits that a new time zone database shows at another hour."""
        for visit in clock_changed(locking.clock()):
            self.stderr.write(
                f"{clinic.slug}: {visit.reference} was booked for {visit.wall_start} in "
                f"{visit.zone}, and is now at {visit.local_start:%Y-%m-%dT%H:%M}: the law "
                "on the clock has changed. Nothing was moved."
            )
