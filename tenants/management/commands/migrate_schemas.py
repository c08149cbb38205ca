"""`manage.py migrate_schemas`: the platform's schema, then every clinic's."""

from argparse import ArgumentParser
from time import monotonic
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from tenants import migrating
from tenants.context import platform_context
from tenants.locks import BusyError
from tenants.migrating import Failure
from tenants.models import Clinic


class Command(BaseCommand):
    """Migrate the platform's schema, then each clinic's that is behind.

    Safe to repeat, to kill and to run twice at once. A clinic whose migration fails is
    told at the end, and ends the command with 1; the others are migrated all the same.
    """

    help = __doc__
    requires_system_checks: list[str] = []  # the platform's own `migrate` runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--clinic", metavar="SLUG", help="migrate this one only")
        parser.add_argument(
            "--jobs", type=int, metavar="N", help="processes (default: one per core)"
        )
        parser.add_argument(
            "--allow-failed-clinics",
            action="store_true",
            help="end with 0 all the same, so that the others' pages open",
        )
        # Taken and not needed: nothing is ever asked, and there is one database.
        parser.add_argument(
            "--no-input", "--noinput", dest="interactive", action="store_false"
        )
        parser.add_argument("--database", default="default")
        parser.add_argument("--run-syncdb", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command."""
        if options["jobs"] is not None and options["jobs"] < 1:
            raise CommandError("--jobs must be 1 or more.")
        said = self.stdout.write if options["verbosity"] else _say_nothing
        if slug := options["clinic"]:
            self._migrate_one(slug, said)
            return
        try:
            with migrating.only_run(wait=False):
                self._migrate_all(options, said)
        except BusyError:
            said("Another run is at it. Waiting for its end …")
            with migrating.only_run():
                self._migrate_all(options, said)

    def _migrate_one(self, slug: str, said: Any) -> None:
        if error := migrating.migrate_one(_clinic_id(slug)):
            raise CommandError(_lines([Failure(slug, error)]))
        said(f"The clinic {slug} is migrated.")

    def _migrate_all(self, options: dict[str, Any], said: Any) -> None:
        began = monotonic()
        migrating.migrate_platform(
            verbosity=options["verbosity"], run_syncdb=options["run_syncdb"]
        )
        done, failures = migrating.migrate_clinics(jobs=options["jobs"])
        said(f"Clinics migrated: {done}, in {monotonic() - began:.1f} s.")
        if failures and options["allow_failed_clinics"]:
            self.stderr.write(_lines(failures))
        elif failures:
            raise CommandError(_lines(failures))


def _clinic_id(slug: str) -> UUID:
    with platform_context():
        clinic = Clinic.objects.ready().filter(slug=slug).first()
    if clinic is None:
        raise CommandError(f"There is no clinic {slug}.")
    clinic_id: UUID = clinic.pk
    return clinic_id


def _lines(failures: list[Failure]) -> str:
    count = f"{len(failures)} clinic" + ("s are" if len(failures) > 1 else " is")
    lines = [f"{each.slug}: {each.error}" for each in failures]
    hint = "Mend the cause and run it again; meanwhile their pages say so."
    return "\n".join([f"{count} not migrated:", *lines, hint])


def _say_nothing(text: str) -> None:
    del text
