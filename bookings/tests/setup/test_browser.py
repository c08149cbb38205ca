"""The whole set-up on a phone, in a real browser, served by a real web process."""

from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

from bookings.models import Doctor, Practice, Slot
from bookings.tests import make
from bookings.tests.setup.pictures import picture
from config.tests import chromium

PHONE: Any = {"width": 390, "height": 844}
BRAND = "getComputedStyle(document.querySelector('.preview .btn')).backgroundColor"


@contextmanager
def phone(port):
    """An owner's phone; what its browser complains of fails the test."""
    client = Client(headers={"host": "riverside.localhost"})
    client.force_login(make.user(role="owner", password=None))
    name = settings.SESSION_COOKIE_NAME
    site = f"http://riverside.localhost:{port}"
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox"]
        )
        context: Any = browser.new_context(viewport=PHONE, base_url=site)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
        context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": site}]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text))
        yield page
        browser.close()
    assert complaints == []


def fits(page) -> bool:
    """Nothing has to be pushed sideways."""
    page.wait_for_load_state()
    width = page.evaluate("document.documentElement.scrollWidth")
    return bool(width <= PHONE["width"])


@pytest.mark.browser
@pytest.mark.skipif(not chromium.find(), reason="no Chromium")
def test_an_owner_with_a_phone_gets_to_a_bookable_time(committed, daphnes):
    with phone(daphnes(1)[0].rpartition(":")[2]) as page:
        page.goto("/setup/")
        assert fits(page)
        page.get_by_label("Address").fill("14 Mill Lane, London")
        page.get_by_role("checkbox", name="Saturday", exact=True).check()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("link", name="Physiotherapy").click()
        assert fits(page)
        page.locator(".visit-line summary").first.click()
        page.get_by_label("Minutes").first.fill("60")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/setup/doctor/")
        page.get_by_label("Name").fill("Mei-Ling Zhao")
        page.locator("summary").click()
        assert page.get_by_role("checkbox", name="Saturday", exact=True).is_checked()
        assert fits(page)
        page.get_by_role("button", name="Open these times for booking").click()

        page.wait_for_url("**/setup/look/")
        before = page.evaluate(BRAND)
        page.get_by_label("Rose").check()
        assert page.evaluate(BRAND) != before
        file = {"name": "logo.png", "mimeType": "image/png", "buffer": picture()}
        page.get_by_label("Logo, if you have one").set_input_files([file])
        page.get_by_role("button", name="Save and finish").click()

        page.get_by_role("heading", name="Patients can book now").wait_for()
        assert fits(page)
        page.get_by_role("button", name="Copy the link").click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == (
            page.get_by_label("Link to share").input_value()
        )
        assert page.evaluate("document.querySelector('.top img').naturalWidth") > 0
        page.get_by_role("link", name="See your page").click()
        page.locator(".slot button").first.click()
        page.wait_for_url("**/book/**")

    assert Practice.load().brand_hue == 350
    assert Doctor.objects.get().hours.filter(weekday=5).exists()
    assert Slot.objects.exclude(hold=None).exists()
