"""The whole sign-up on a phone, in a real browser, served by a real web process."""

import re
import time
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import expect, sync_playwright

from accounts.models import User
from config.tests import chromium
from tenants.context import clinic_context
from tenants.tests.signup.conftest import NADIA, willow

PHONE: Any = {"width": 390, "height": 844}


@pytest.mark.browser
@pytest.mark.skipif(not chromium.find(), reason="no Chromium")
def test_nadia_opens_her_clinic_with_a_phone(for_real, daphnes):
    site = f"http://localhost:{daphnes(1)[0].rpartition(':')[2]}"
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox"]
        )
        context = browser.new_context(viewport=PHONE, timezone_id="Europe/Berlin")
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text))
        _fill_in(page, site)
        _type_code(page)
        _enter(page, site)
        browser.close()
    assert complaints == []
    with clinic_context(willow()):
        assert User.objects.get().last_login is not None


def _fill_in(page: Any, site: str) -> None:
    page.goto(f"{site}/")
    page.get_by_role("link", name="Start free").click()
    page.wait_for_load_state()  # the scripts run once all is there
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    page.get_by_label("Name of the clinic").press_sequentially("Riverside")
    page.get_by_text("“riverside” is taken.").wait_for()
    page.get_by_label("Name of the clinic").fill("Willow Park")
    expect(page.get_by_label("Address", exact=True)).to_have_value("willow-park")
    page.get_by_text("Free: patients will find you at").wait_for()
    page.get_by_label("Address", exact=True).press_sequentially("-2")
    page.get_by_label("Address", exact=True).fill("willow-park")
    page.get_by_label("Name of the clinic").fill(NADIA["name"])
    expect(page.get_by_label("Address", exact=True)).to_have_value("willow-park")
    page.get_by_label("Your name").fill(NADIA["owner"])
    page.get_by_label("Your email address").fill(NADIA["email"])
    page.get_by_label("Password").fill(NADIA["password"])
    assert fits(page)
    page.get_by_role("button", name="Send me the code").click()


def _type_code(page: Any) -> None:
    page.wait_for_url("**/signup/code/")
    assert fits(page)
    page.get_by_label("Code").fill(_mailed_code())
    page.get_by_role("button", name="Open Willow Park Clinic").click()


def _enter(page: Any, site: str) -> None:
    own = site.replace("//", "//willow-park.")
    page.wait_for_url(f"{own}/account/welcome/")
    page.get_by_role("heading", name="Your clinic is ready at willow-park").wait_for()
    assert fits(page)
    page.get_by_role("button", name="Log in and set up").click()
    page.wait_for_url(f"{own}/setup/place/")
    page.go_back()
    page.wait_for_url(f"{own}/setup/place/")


def fits(page: Any) -> bool:
    """Nothing has to be pushed sideways."""
    page.wait_for_load_state()
    width = page.evaluate("document.documentElement.scrollWidth")
    return bool(width <= PHONE["width"])


def _mailed_code() -> str:
    """Read it from the file that the web process has written."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for file in sorted(Path(settings.VAR_DIR, "mail").glob("*.eml"), reverse=True):
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
            code = re.match(r"\d{6}\b", message["Subject"])
            if message["To"] == NADIA["email"] and code:
                return code[0]
        time.sleep(0.1)
    return pytest.fail("no code came")
