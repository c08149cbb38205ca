"""`manage.py up`: everything the product needs on one machine, in the foreground."""

import http.client
import os
import socket
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config import embedded
from config.management.commands.services import Servers, start, wait_until_ready
from config.management.commands.web import python, web_children
from config.supervisor import Child, StartError, Supervisor

_DEMO_CLINICS = ("riverside", "harbor")
_DEMO_PEOPLE = ("owner", "reception", "doctor", "patient", "patient2")
_SERVERS = {"DATABASE_URL": embedded.PostgreSQL, "REDIS_URL": embedded.Valkey}


class Command(BaseCommand):
    """Run servers, web and worker until SIGINT or SIGTERM; restart what dies.

    Only those servers are run whose DATABASE_URL or REDIS_URL is unset.
    """

    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command. Errors are one line."""
        address = (os.environ.get("BIND", "127.0.0.1"), settings.PORT)
        try:
            _refuse_taken_port(*address)
            with ExitStack() as stack:
                self._run(stack, address)
        except (embedded.EmbeddedError, StartError) as error:
            raise CommandError(str(error)) from error

    def _run(self, stack: ExitStack, address: tuple[str, int]) -> None:
        home = embedded.find_home(settings.VAR_DIR)
        missing = [name for name in _SERVERS if not os.environ.get(name)]
        servers: Servers = [_SERVERS[name](home) for name in missing]
        ours = bool(servers) and self._lock(stack, home)
        urls = embedded.urls(settings.VAR_DIR)
        os.environ.update({name: urls[name] for name in missing})

        supervisor = stack.enter_context(Supervisor())
        if ours:
            start(supervisor, servers)
        wait_until_ready(supervisor, servers)
        self._say("Preparing the database …")
        supervisor.run("Preparing the database", _prepare_database)
        for child in _product(address):
            supervisor.add(child)
        supervisor.wait_for(lambda: _answers_readyz(address), seconds=60)
        self._say(_welcome())
        supervisor.supervise()

    def _lock(self, stack: ExitStack, home: embedded.Home) -> bool:
        """Say whether the servers are ours to run, not those of a running `services`."""
        home.make_folders()
        try:
            stack.enter_context(home.locked())
        except embedded.AlreadyRunningError as error:
            self._say(f"{error} Using those.")
            return False
        return True

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartError(
                f"PORT {port} cannot be used ({error.strerror}): "
                "set PORT to a free one, for example PORT=8001."
            ) from error


def _prepare_database() -> None:
    call_command("migrate_schemas", allow_failed_clinics=True, verbosity=0)
    if settings.DEBUG:
        call_command("seed_demo", if_empty=True)
    else:
        call_command("collectstatic", interactive=False, verbosity=0)


def _product(address: tuple[str, int]) -> list[Child]:
    return [*web_children(*address), python("Worker", ["manage.py", "work"])]


def _answers_readyz(address: tuple[str, int]) -> bool:
    host, port = address
    # A wildcard is nowhere to connect to; this machine itself is.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _welcome() -> str:
    lines = ["", f"Slotwell is ready: {_url('')}"]
    if settings.DEBUG:
        lines += [f"                   {_url(slug + '.')}" for slug in _DEMO_CLINICS]
        people = ", ".join(_DEMO_PEOPLE)
        lines += [
            "",
            "Log in with password demo-password-1234 as",
            f"  {people} @riverside.example",
            f"  {people} @harbor.example",
            f"  operator@example.com at {_url('')}admin/",
        ]
    return "\n".join([*lines, "", "Ctrl-C stops everything.", ""])


def _url(subdomain: str) -> str:
    scheme = "http"  # what is spoken here, whatever a proxy in front does
    return f"{scheme}://{subdomain}{settings.BASE_DOMAIN}:{settings.PORT}/"
