"""A doctor with times to watch; a Chromium, and pages of riverside in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import connections
from playwright.sync_api import Browser, sync_playwright

from bookings.live import hub
from bookings.tests import make
from config.tests import chromium


@pytest.fixture
def quick_ticks(monkeypatch):
    monkeypatch.setattr(hub, "TICK", 0.5)
    monkeypatch.setattr(hub, "HEARTBEAT_TICKS", 1)


@pytest.fixture
async def closed_connections(committed):
    """Channels' communicators keep the database's thread from doing it."""
    del committed
    yield
    await database_sync_to_async(connections.close_all)()


@pytest.fixture
def doctor(committed):
    make.practice()
    doctor = make.doctor()
    make.slots(doctor)
    return doctor


@pytest.fixture
def harbor(committed, _clinics):
    """The other clinic; `other_clinic` would put the test into a transaction."""
    return _clinics["harbor"]


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    # Playwright keeps a loop running in this thread; the ORM is used from it all the
    # same, between Playwright's calls and never during one.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox"]
        )
        yield running
        running.close()


@pytest.fixture
def times(committed: Any) -> list[Any]:
    """Six free times of a doctor, in a week."""
    del committed
    make.practice()
    return make.slots(make.doctor())


@pytest.fixture
def site(committed: Any, daphnes: Any) -> str:
    """A web process; its address at riverside."""
    del committed
    port = daphnes(1)[0].rpartition(":")[2]
    return f"http://riverside.localhost:{port}"
