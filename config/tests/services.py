"""Pytest plugin: a PostgreSQL and a Valkey of the suite's own, never those of a run.

Loaded by `-p`, so that the environment is set before Django reads its settings. The
first process starts PostgreSQL; every xdist worker makes its own database in it, and
has a Valkey of its own, since published messages ignore Valkey's database numbers.
TEST_DATABASE_URL and TEST_REDIS_URL name servers to use instead.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from config import embedded
from config.tests import chromium

_ROOT = "SLOTWELL_TEST_ROOT"  # how workers learn where the first process works
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# What a developer's .env or shell may say must not change what the tests see.
_ENVIRONMENT = {
    "BASE_DOMAIN": "localhost",
    "DEBUG": "1",
    "EMAIL_URL": "",
    "JWT_SECRET": "",
    "PORT": "8000",
    "PUBLIC_SCHEME": "http",
    "RATE_LIMITS": "on",
    "SECRET_KEY": "",
    "TRUSTED_PROXIES": "0",
}


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, None, None]:
    """Set the environment, ahead of pytest-django's reading of the settings."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        os.environ[_ROOT] = tempfile.mkdtemp(prefix="slotwell-test-")
        early_config.add_cleanup(lambda: _remove(Path(os.environ[_ROOT])))
    root = Path(os.environ[_ROOT])
    root.chmod(0o711)  # as root, the servers' account must get in
    home = root / (worker or "main")
    os.environ.update(_ENVIRONMENT)
    os.environ["VAR_DIR"] = str(home)
    os.environ["DATABASE_URL"] = (
        os.environ.get("TEST_DATABASE_URL")
        or embedded.urls(root / "main")["DATABASE_URL"]
    )
    os.environ["REDIS_URL"] = (
        _numbered(os.environ["TEST_REDIS_URL"], worker)
        if os.environ.get("TEST_REDIS_URL")
        else embedded.urls(home)["REDIS_URL"]
    )
    yield


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start what this process needs, before xdist starts its workers."""
    if session.config.option.collectonly:
        return
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if not is_worker:  # end as by Ctrl-C, with all that is cleaned up then
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    home = embedded.find_home(Path(os.environ["VAR_DIR"]))
    home.make_folders()
    session.config.add_cleanup(lambda: _remove(home.root, home.sockets))
    running = ExitStack()
    session.config.add_cleanup(running.close)
    if not os.environ.get("TEST_REDIS_URL"):
        _run(running, embedded.Valkey(home))
    if not is_worker and not os.environ.get("TEST_DATABASE_URL"):
        _run(running, embedded.PostgreSQL(home, _QUICK))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests where no Chromium can be had, but never under CI=true."""
    if chromium.find() or os.environ.get("CI") == "true":
        return
    skip = pytest.mark.skip(reason="no Chromium on this machine, see `make test`")
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(skip)


def _run(running: ExitStack, server: embedded.PostgreSQL | embedded.Valkey) -> None:
    server.prepare()
    process = server.spawn()
    running.callback(_stop, server, process)
    deadline = time.monotonic() + 60
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.exit(f"{server.name} does not start:\n{server.log.read_text()}", 3)
        time.sleep(0.01)


def _stop(
    server: embedded.PostgreSQL | embedded.Valkey, process: "subprocess.Popen[bytes]"
) -> None:
    process.send_signal(server.stop_signal)
    process.wait(30)


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _numbered(redis_url: str, worker: str) -> str:
    """Return the URL with a database number of the worker's own: 1 for gw0."""
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        return urlunsplit(parts._replace(query=f"db={number}"))
    return urlunsplit(parts._replace(path=f"/{number}"))
