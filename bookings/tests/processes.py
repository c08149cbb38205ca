"""Web processes for tests: a real server on the test's own database."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from config import web


@dataclass
class Daphne:
    process: "subprocess.Popen[bytes]"
    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def wait_until_ready(self, seconds: float = 30) -> None:
        """Ask /readyz until it answers."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                message = f"daphne ended with {self.process.returncode}"
                raise RuntimeError(message)
            if self._is_ready():
                return
            time.sleep(0.1)
        message = "daphne was not ready in time"
        raise TimeoutError(message)

    def _is_ready(self) -> bool:
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            asked.request("GET", "/readyz")
            return asked.getresponse().status == 200
        except OSError:
            return False
        finally:
            asked.close()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_daphne(
    env: dict[str, str],
    application: str | None = None,
    *,
    port: int = 0,
    log: IO[bytes] | None = None,
) -> Daphne:
    """Start one web process; the caller waits for it and stops it.

    `SERVER` in `env` says which server, as it does outside of tests.

    Args:
        application: another than ours, which daphne alone can serve.
        port: by default any free one; the former one, to start a killed process again.
        log: takes what it says; by default only its errors are shown, as ours.
    """
    port = port or free_port()
    host, server = "127.0.0.1", env.get("SERVER", settings.SERVER)
    command = web.command(server, host, port)
    if application:
        command = ["-m", "daphne", "-b", host, "-p", str(port), application]
    return Daphne(start_python(command, env, port=port, log=log), port)


def start_python(
    arguments: list[str],
    env: dict[str, str],
    *,
    port: int = 8000,
    log: IO[bytes] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start Python on this test's database and Valkey; the caller ends it."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, **process_env(port), **env},
        stdout=log or subprocess.DEVNULL,
        stderr=subprocess.STDOUT if log else None,
    )


def process_env(port: int) -> dict[str, str]:
    """What a process needs in order to stand on this test's database and Valkey."""
    return {
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "DEBUG": "1",
        "PORT": str(port),
        "VAR_DIR": str(settings.VAR_DIR),
    }


def database_url() -> str:
    """The URL of the database that pytest made, instead of the one it was made from."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    return urlunsplit(parts._replace(path=f"/{name}"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
