"""All processes of a run, and a Valkey of its own, since that one is killed too."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.conf import settings

from bookings.tests.outbox.mailbox import Mailbox
from bookings.tests.processes import Daphne, free_port, start_daphne, start_python
from config import embedded


@dataclass
class Arena:
    """What runs; each part can be killed and started again, from the main thread.

    Args:
        folder: takes what the processes say.
        application: what the web processes serve.
    """

    folder: Path
    mailbox: Mailbox
    valkey: embedded.Valkey
    application: str = "config.asgi:application"
    webs: list[Daphne] = field(default_factory=list)
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    valkeys: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    insiders: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    open_files: ExitStack = field(default_factory=ExitStack)

    @property
    def env(self) -> dict[str, str]:
        return {
            "REDIS_URL": embedded.Valkey.url(self.valkey.home),
            "RATE_LIMITS": "off",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mailbox.port}",
        }

    @property
    def addresses(self) -> list[str]:
        return [web.address for web in self.webs]

    def start_valkey(self) -> None:
        self.valkeys.append(self.valkey.spawn())
        deadline = time.monotonic() + 30
        while not self.valkey.is_ready():
            assert time.monotonic() < deadline, "Valkey does not start"
            time.sleep(0.02)

    def kill_valkey(self) -> None:
        self._kill(self.valkeys)

    def start_webs(self, number: int) -> None:
        self.webs += [self._start_web() for _ in range(number)]
        for web in self.webs:
            web.wait_until_ready()

    def kill_web(self, number: int) -> None:
        self.webs[number].process.kill()
        self.webs[number].process.wait()

    def start_web_again(self, number: int) -> None:
        self.webs[number] = self._start_web(self.webs[number].port)
        self.webs[number].wait_until_ready(60)

    def start_worker(self) -> None:
        log = self._log("worker.log")
        self.workers.append(start_python(["manage.py", "work"], self.env, log=log))

    def kill_worker(self) -> None:
        self._kill(self.workers)

    def start_insiders(self, plan: Path) -> "subprocess.Popen[bytes]":
        module = ["-m", "bookings.tests.stress.insiders", str(plan)]
        started = start_python(module, self.env, log=self._log("insiders.log"))
        self.insiders.append(started)
        return started

    def stop(self) -> None:
        self.mailbox.is_prompt.set()
        for web in self.webs:
            web.stop()
        for processes in (self.insiders, self.workers, self.valkeys):
            self._kill(processes)
        self.open_files.close()

    def _start_web(self, port: int = 0) -> Daphne:
        port = port or free_port()
        log = self._log(f"web-{port}.log")
        return start_daphne(self.env, self.application, port=port, log=log)

    def _log(self, name: str) -> IO[bytes]:
        return self.open_files.enter_context((self.folder / name).open("ab"))

    def _kill(self, processes: "list[subprocess.Popen[bytes]]") -> None:
        while processes:
            process = processes.pop()
            process.kill()
            process.wait()


@contextmanager
def opened(folder: Path, *, application: str, webs: int = 2) -> Iterator[Arena]:
    """Start everything but the clients; end it afterwards."""
    var = Path(settings.VAR_DIR)
    home = embedded.find_home(var.with_name(f"{var.name}-stress"))
    home.make_folders()
    valkey = embedded.Valkey(home)
    valkey.prepare()
    with Mailbox(free_port()) as mailbox:
        arena = Arena(folder, mailbox, valkey, application)
        try:
            arena.start_valkey()
            arena.start_webs(webs)
            arena.start_worker()
            yield arena
        finally:
            arena.stop()
