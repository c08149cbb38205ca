"""`manage.py create_clinic SLUG --name N --timezone Z --owner-email E`."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from tenants.provisioning import create_clinic


class Command(BaseCommand):
    help = "Creates a clinic with its own schema and its owner; safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", required=True)
        parser.add_argument("--timezone", required=True)
        parser.add_argument("--owner-email", required=True)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            clinic, made = create_clinic(
                slug=options["slug"],
                name=options["name"],
                timezone=options["timezone"],
                owner_email=options["owner_email"],
                owner_password=_ask_password(),
            )
        except ValidationError as error:
            raise CommandError("; ".join(_sentences(error))) from error
        verb = "is ready at" if made else "was there already, at"
        self.stdout.write(f"{clinic.name} {verb} {clinic.url()}")


def _ask_password() -> str | None:
    """Ask at a terminal; elsewhere the owner sets one by password reset."""
    if not sys.stdin.isatty():
        return None
    return getpass.getpass("Password of the owner (empty: set later by e-mail): ")


def _sentences(error: ValidationError) -> list[str]:
    if hasattr(error, "error_dict"):
        return [f"{field}: {' '.join(m)}" for field, m in error.message_dict.items()]
    return list(error.messages)
