"""The admin as it is served: by a web process, to a real browser."""

from typing import Any

import httpx
import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

from bookings.tests import make
from config.tests import chromium

PAGES = (
    "",
    "book/",
    "publish/",
    "bookings/slot/",
    "bookings/appointment/",
    "bookings/patient/add/",
    "bookings/timeoff/add/",
    "bookings/doctor/{doctor}/change/",
)


@pytest.fixture
def doctor(committed):
    make.practice()
    doctor = make.doctor()
    make.slots(doctor)
    return doctor


@pytest.fixture
def port(daphnes):
    return daphnes(1)[0].rpartition(":")[2]


def session(user):
    client = Client(headers={"host": "riverside.localhost"})
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_a_refusal_is_a_page_of_the_clinic(doctor, port):
    """Django makes error pages in another thread, outside of the clinic."""
    cookie = session(make.user(role="owner", password=None))
    response = httpx.get(
        f"http://127.0.0.1:{port}/admin/bookings/slot/add/",
        headers={"host": "riverside.localhost"},
        cookies={settings.SESSION_COOKIE_NAME: cookie},
    )
    assert response.status_code == 403
    assert "Riverside Health" in response.text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.skipif(not chromium.find(), reason="no Chromium")
def test_no_script_fails_and_no_policy_is_broken(doctor, port, scheme, monkeypatch):
    # Playwright keeps a loop running in this thread; the ORM is used between its calls.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    user = make.user(role="owner", email="anna@riverside.example")
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox"]
        )
        page: Any = browser.new_page(color_scheme=scheme)
        page.on("pageerror", lambda error: said.append(f"{page.url} {error}"))
        page.on("console", lambda line: _note(said, page, line))
        site = f"http://riverside.localhost:{port}/admin/"
        page.goto(site)
        page.fill("[name=username]", user.email)
        page.fill("[name=password]", make.PASSWORD)
        page.click("#login-form button[type=submit]")
        page.wait_for_url(site)
        for path in PAGES:
            answer = page.goto(site + path.format(doctor=doctor.pk))
            assert answer.status == 200
        # Alpine is alive under our policy: the bar of actions comes with a tick.
        page.goto(f"{site}bookings/slot/")
        page.locator("input.action-select").first.check()
        page.select_option("select[name=action]", "block")
        page.click("#changelist-actions-wrapper button[type=submit]")
        page.wait_for_selector("[name=note]")
        browser.close()
    assert said == []


def _note(said, page, line):
    if line.type in ("error", "warning") and "favicon" not in str(line.location):
        said.append(f"{page.url} {line.text}")
