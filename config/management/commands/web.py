"""`manage.py web`: the web processes alone, in the foreground; for containers."""

import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config.processes import spawn
from config.supervisor import Child, Supervisor
from config.web import command


class Command(BaseCommand):
    """Run WEB_PROCESSES of SERVER on one port until SIGINT or SIGTERM."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default=os.environ.get("BIND", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        """Become the one process, or watch over several."""
        children = web_children(options["bind"], options["port"])
        if len(children) == 1:
            self._become(command(settings.SERVER, options["bind"], options["port"]))
        with Supervisor() as supervisor:
            for child in children:
                supervisor.add(child)
            supervisor.supervise()

    def _become(self, arguments: list[str]) -> None:
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606


def web_children(host: str, port: int) -> list[Child]:
    """As many web processes as WEB_PROCESSES says, for a supervisor."""
    count = settings.WEB_PROCESSES
    words = command(settings.SERVER, host, port, is_shared=count > 1)
    names = ["Web"] if count == 1 else [f"Web {each + 1}" for each in range(count)]
    return [python(name, words) for name in names]


def python(name: str, arguments: list[str]) -> Child:
    """A child that runs Python in the project's folder."""

    def start() -> "subprocess.Popen[bytes]":
        return spawn([sys.executable, *arguments], cwd=settings.BASE_DIR)

    return Child(name, start)
