"""A real SMTP server to send to, and worker processes to send with."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as project

from bookings.tests.outbox.mailbox import Mailbox
from bookings.tests.processes import free_port, process_env

Workers = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    """An SMTP server that Django sends to, and that keeps what it is given."""
    with Mailbox(free_port()) as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.EMAIL_TIMEOUT = 10
        yield box


@pytest.fixture
def worker(mailbox) -> Iterator[Workers]:
    """Start `manage.py work` on the test database; use it together with `committed`."""
    running: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "manage.py", "work"],
            cwd=project.BASE_DIR,
            env={
                **os.environ,
                **process_env(free_port()),
                "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}",
            },
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
