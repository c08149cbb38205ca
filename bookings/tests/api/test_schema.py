"""The API describes itself, and the page about it runs under our CSP."""

import json

import pytest
from playwright.sync_api import sync_playwright

from config.tests import chromium


def test_the_description_is_openapi_and_names_every_call(guest):
    answer = guest.client.get(
        "/api/v1/schema/", headers={"accept": "application/vnd.oai.openapi+json"}
    )
    told = json.loads(answer.content)

    assert told["openapi"].startswith("3.1")
    assert set(told["paths"]) == {
        f"/api/v1/{path}"
        for path in (
            "appointments/",
            "appointments/{id}/",
            "appointments/{id}/cancel/",
            "appointments/{id}/reschedule/",
            "auth/refresh/",
            "auth/token/",
            "doctors/",
            "doctors/{id}/",
            "holds/",
            "holds/{token}/",
            "services/",
            "services/{id}/",
            "slots/",
            "slots/{id}/",
        )
    }


def test_the_page_loads_nothing_from_elsewhere(guest):
    answer = guest.client.get("/api/v1/docs/")
    page = answer.content.decode()

    assert answer.status_code == 200
    assert "https://" not in page
    assert "unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.browser
def test_the_page_shows_the_calls_in_a_browser(committed, daphnes):
    (address,) = daphnes(1)
    port = address.rsplit(":", 1)[1]
    said = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))

        page.goto(f"http://riverside.localhost:{port}/api/v1/docs/")
        page.wait_for_selector(".opblock")
        shown = page.locator(".opblock").count()
        browser.close()

    assert shown == 15
    assert said == []
