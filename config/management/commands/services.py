"""`manage.py services`: the embedded PostgreSQL and Valkey, in the foreground."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import embedded
from config.supervisor import Child, StartError, Supervisor

Servers = Sequence[embedded.PostgreSQL | embedded.Valkey]


class Command(BaseCommand):
    """Run both servers until SIGINT or SIGTERM; restart one that dies."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add our options."""
        parser.add_argument(
            "--print-env",
            action="store_true",
            help="print DATABASE_URL= and REDIS_URL= lines when both are ready",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command. Errors are one line."""
        home = embedded.find_home(settings.VAR_DIR)
        servers: Servers = [embedded.PostgreSQL(home), embedded.Valkey(home)]
        try:
            home.make_folders()
            with home.locked(), Supervisor() as supervisor:
                start(supervisor, servers)
                wait_until_ready(supervisor, servers)
                self._say_ready(print_env=options["print_env"])
                supervisor.supervise()
        except (embedded.EmbeddedError, StartError) as error:
            raise CommandError(str(error)) from error

    def _say_ready(self, *, print_env: bool) -> None:
        if print_env:
            for name, url in embedded.urls(settings.VAR_DIR).items():
                self.stdout.write(f"{name}={url}")
        else:
            self.stdout.write("PostgreSQL and Valkey are ready; Ctrl-C stops them.")
        self.stdout.flush()


def start(supervisor: Supervisor, servers: Servers) -> None:
    """Start the servers, making their data first if need be. Raises EmbeddedError."""
    for server in servers:
        server.prepare()
    for server in servers:
        # Stage 0: they leave last. A shutdown may have much to write: grace.
        child = Child(server.name, server.spawn, server.stop_signal, stage=0, grace=30)
        child.log = server.log
        supervisor.add(child)


def wait_until_ready(supervisor: Supervisor, servers: Servers) -> None:
    """Wait until all of them take connections. Raises Stopped, StartError."""
    supervisor.wait_for(lambda: all(s.is_ready() for s in servers), seconds=60)
