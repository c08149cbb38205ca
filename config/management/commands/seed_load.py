"""`manage.py seed_load SLUG --doctors N --days D --patients P`: fill it for load tests."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bookings.seed import filling, load
from tenants.context import clinic_context
from tenants.provisioning import create_clinic


class Command(BaseCommand):
    """Fill a clinic with doctors, times and patients; create it if need be."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--doctors", type=int, default=10)
        parser.add_argument("--days", type=int, default=14)
        parser.add_argument("--patients", type=int, default=100)

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            message = "Load test data has published passwords: only with DEBUG on."
            raise CommandError(message)
        slug = options["slug"]
        numbers = {key: options[key] for key in ("doctors", "days", "patients")}
        if wrong := [name for name, value in numbers.items() if value < 1]:
            message = f"--{wrong[0]} must be at least 1."
            raise CommandError(message)
        clinic, _made = create_clinic(
            slug=slug,
            name=slug.replace("-", " ").title(),
            timezone="Europe/London",
            owner_email=f"owner@{slug}.example",
            owner_password=filling.PASSWORD,
        )
        with clinic_context(clinic):
            made = load.fill(**numbers)
        self.stdout.write(
            f"{clinic.slug}: {made.doctors} doctors, {made.slots} times to come, "
            f"{made.patients} patients (load1@{slug}.example …, {filling.PASSWORD})"
        )
