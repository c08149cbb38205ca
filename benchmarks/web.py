"""Our web processes, started as production starts them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from benchmarks.processes import free_port, wait_for_listeners
from config import web
from config.processes import spawn


@dataclass(frozen=True)
class Serving:
    """Processes that serve one port."""

    port: int
    pids: tuple[int, ...]


@contextmanager
def our_web(
    server: str, processes: int = 1, env: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Serve as behind a proxy, so that one machine may ask for many addresses.

    Args:
        server: daphne or uvicorn.
    """
    port = free_port()
    shared = processes > 1
    words = [sys.executable, *web.command(server, "127.0.0.1", port, is_shared=shared)]
    own = {
        "SERVER": server,
        "WEB_PROCESSES": str(processes),
        "PORT": str(port),
        "TRUSTED_PROXIES": "1",
        **(env or {}),
    }
    with kept_running([words] * processes, own, settings.BASE_DIR) as pids:
        wait_for_listeners(port, processes)
        yield Serving(port, pids)


@contextmanager
def kept_running(
    commands: list[list[str]], env: Mapping[str, str], folder: Path
) -> Iterator[tuple[int, ...]]:
    """Run processes, whose errors are ours, and end them."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for words in commands:
            started.append(spawn(words, env={**os.environ, **env}, cwd=folder))
        yield tuple(process.pid for process in started)
    finally:
        for process in started:
            process.send_signal(signal.SIGKILL)
            process.wait()
