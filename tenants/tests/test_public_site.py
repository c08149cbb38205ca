import socket
import time

import pytest
from django.db import connection
from django.test import Client

from tenants import views
from tenants.context import platform_context
from tenants.models import Clinic

PLATFORM = Client(headers={"host": "localhost"}, raise_request_exception=False)


def test_the_first_page_says_what_this_is(platform):
    page = PLATFORM.get("/")
    assert page.status_code == 200
    assert "One slot, one patient, every time." in page.text


def test_demo_clinics_are_listed_where_debug_is_on(clinic, other_clinic, settings):
    settings.DEBUG = True
    page = PLATFORM.get("/")
    for link in ("/", "/admin/", "/api/v1/docs/"):
        assert f'href="http://riverside.localhost:8000{link}"' in page.text
        assert f'href="http://harbor.localhost:8000{link}"' in page.text


def test_nobodys_clinic_is_listed_in_production(clinic, settings):
    settings.DEBUG = False
    page = PLATFORM.get("/")
    assert "riverside" not in page.text.lower()


def test_a_clinic_that_is_not_active_is_never_listed(platform, clinic, settings):
    settings.DEBUG = True
    with platform_context():
        Clinic.objects.update(status=Clinic.Status.SUSPENDED)
    assert "riverside.localhost" not in PLATFORM.get("/").text


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
def test_public_pages_are_only_read(platform, path):
    assert PLATFORM.post(path).status_code == 405


@pytest.mark.parametrize("host", ["localhost", "10.0.0.7:8000", "riverside.localhost"])
def test_the_process_says_that_it_is_up_without_the_database(host):
    """No fixture here opens the database: a query would fail this test."""
    answer = PLATFORM.get("/healthz", headers={"host": host})
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("host", ["localhost", "10.0.0.7:8000", "riverside.localhost"])
def test_it_is_ready_when_the_database_answers(platform, host):
    answer = PLATFORM.get("/readyz", headers={"host": host})
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_it_is_not_ready_when_the_database_refuses(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    seconds, answer = _ask_with_database_at(monkeypatch, port)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert seconds < 1


def test_it_is_not_ready_when_the_database_is_silent(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        seconds, answer = _ask_with_database_at(monkeypatch, silent.getsockname()[1])
    assert answer.status_code == 503
    assert seconds < 2.5


def test_a_page_that_is_not_there_offers_a_way_on(platform):
    page = PLATFORM.get("/nothing/here/")
    assert page.status_code == 404
    assert "We cannot find this page" in page.text
    assert 'href="/"' in page.text


def test_an_error_page_needs_no_database_and_tells_nothing(monkeypatch):
    """No fixture here opens the database: a query would fail this test."""

    def fail():
        raise RuntimeError("secret detail")

    monkeypatch.setattr(views, "_ask_database", fail)
    page = PLATFORM.get("/readyz")
    assert page.status_code == 500
    assert "Something went wrong on our side" in page.text
    assert "secret detail" not in page.text


def _ask_with_database_at(monkeypatch, port: int):
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", str(port))
    start = time.monotonic()
    answer = PLATFORM.get("/readyz")
    return time.monotonic() - start, answer


@pytest.mark.parametrize("host", ["localhost", "riverside.localhost"])
def test_a_browser_that_guesses_the_icon_is_sent_to_it(clinic: Clinic, host: str):
    answer = Client(headers={"host": host}).get("/favicon.ico")

    assert (answer.status_code, answer["Location"]) == (302, "/static/img/mark.svg")
