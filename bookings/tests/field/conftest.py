"""Browsers and programs at riverside, and a folder that mail is written to."""

import email
import email.policy
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from bookings.outbox import deliver
from bookings.tests import make
from bookings.tests.api.conftest import Caller
from bookings.tests.field.stage import browser_at
from tenants.models import Clinic

Post = Callable[..., list[EmailMessage]]


@pytest.fixture(autouse=True)
def _open_rules(request: pytest.FixtureRequest, settings: Any) -> None:
    """No rule of the clinic is in the way, and no counter is left from before."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    committed = "committed" in request.fixturenames
    request.getfixturevalue("committed" if committed else "clinic")
    cache.clear()
    make.practice()


@pytest.fixture
def stranger(clinic: Clinic) -> Client:
    """Another browser at the same clinic."""
    return browser_at(clinic)


@pytest.fixture
def guest(clinic: Clinic) -> Caller:
    """A program without a token."""
    return Caller(clinic)


@pytest.fixture
def desk(clinic: Clinic) -> Caller:
    """The program of the front desk."""
    return Caller(clinic, make.user(role="reception", name="Rosa Lind"))


@pytest.fixture
def reception(clinic: Clinic) -> Client:
    """The browser of the front desk."""
    browser = browser_at(clinic)
    browser.force_login(make.user(role="reception", name="Rita Reception"))
    return browser


@pytest.fixture
def post(settings: Any, tmp_path: Path) -> Post:
    """Deliver what waits, and read the files of the messages that this has written."""
    settings.EMAIL_BACKEND = "bookings.outbox.backend.EmlFileBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    read: set[Path] = set()

    def deliver_and_read(now: datetime | None = None) -> list[EmailMessage]:
        deliver.send_waiting(now=now)
        new = sorted(set(tmp_path.glob("*.eml")) - read)
        read.update(new)
        return [_parsed(each) for each in new]

    return deliver_and_read


def _parsed(file: Path) -> EmailMessage:
    return email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
