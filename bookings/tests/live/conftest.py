"""A Chromium, and pages of riverside in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from bookings.tests import make
from config.tests import chromium


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
