"""`manage.py seed_demo`: two demo clinics with people, times and appointments."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from bookings.seed import filling
from bookings.seed.content import DemoClinic
from bookings.seed.harbor import HARBOR
from bookings.seed.riverside import RIVERSIDE
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic
from tenants.provisioning import create_clinic

DEMO_CLINICS = (RIVERSIDE, HARBOR)
OPERATOR = "operator@example.com"


class Command(BaseCommand):
    """Create the demo clinics, or finish what an earlier run left half-made.

    It stands in config, which alone may use both provisioning and bookings.
    """

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="Do nothing if they are there."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            message = "Demo data has published passwords: only with DEBUG on."
            raise CommandError(message)
        if options["if_empty"] and _is_there():
            return
        for demo in DEMO_CLINICS:
            clinic = _fill(demo)
            self.stdout.write(f"{clinic.name} is at {clinic.url()}")
        _make_operator()


def _is_there() -> bool:
    with platform_context():
        slugs = [demo.slug for demo in DEMO_CLINICS]
        clinics = list(Clinic.objects.active().filter(slug__in=slugs))
        if not User.objects.filter(email=OPERATOR).exists():
            return False
    return len(clinics) == len(DEMO_CLINICS) and all(map(_is_filled, clinics))


def _is_filled(clinic: Clinic) -> bool:
    with clinic_context(clinic):
        return filling.is_filled()


def _fill(demo: DemoClinic) -> Clinic:
    clinic, _made = create_clinic(
        slug=demo.slug,
        name=demo.name,
        timezone=demo.timezone,
        owner_email=f"owner@{demo.slug}.example",
        owner_password=filling.PASSWORD,
    )
    with clinic_context(clinic):
        filling.fill(demo)
    return clinic


def _make_operator() -> None:
    with platform_context():
        if not User.objects.filter(email=OPERATOR).exists():
            User.objects.create_user(
                email=OPERATOR,
                password=filling.PASSWORD,
                role=User.Role.OPERATOR,
                name="Olive Marsh",
            )
