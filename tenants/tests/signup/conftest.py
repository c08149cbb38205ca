"""Nadia opens Willow Park Clinic; what becomes of it is gone after the test."""

import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from tenants import hosts
from tenants.context import platform_context
from tenants.models import Clinic, ClinicEvent

SLUG = "willow-park"
PASSWORD = "seven copper lanterns drift"
NADIA: dict[str, Any] = {
    "name": "Willow Park Clinic",
    "slug": SLUG,
    "timezone": "Europe/Berlin",
    "owner": "Nadia Haddad",
    "email": "nadia@willow.example",
    "password": PASSWORD,
}
_numbers = count(1)


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def new_browser(platform: None) -> Callable[[], Client]:
    """Make browsers on the public site, each at an address of its own."""
    return browser_anywhere


@pytest.fixture
def browser(new_browser: Callable[[], Client]) -> Client:
    return new_browser()


@pytest.fixture
def for_real(committed: Clinic) -> Iterator[None]:
    """Be on the platform and commit; clinics that the test makes go afterwards."""
    before = _all()
    with platform_context():
        yield
    with platform_context(), connection.cursor() as cursor:
        for pk, schema in _all() - before:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
            cursor.execute("DELETE FROM tenants_clinic WHERE id = %s", [pk])
            ClinicEvent.objects.filter(clinic_id=pk).delete()
        cursor.execute("DELETE FROM django_session")
    hosts.forget()


def _all() -> set[tuple[Any, str]]:
    with platform_context():
        return set(Clinic.objects.values_list("pk", "schema_name"))


def browser_anywhere(host: str = "localhost") -> Client:
    n = next(_numbers)
    return Client(headers={"host": host}, REMOTE_ADDR=f"10.30.{n // 250}.{n % 250 + 1}")


def mailed_code() -> str:
    """The code of the last mail."""
    found = re.search(r"^\d{6}\b", str(mail.outbox[-1].subject))
    assert found
    assert found[0] in mail.outbox[-1].body
    return found[0]


def type_code(browser: Client, code: str) -> Any:
    return browser.post("/signup/code/", {"code": code})


def go_through(browser: Client, **told: str) -> Any:
    """Fill in the form and type the code; return the answer to it."""
    answer = browser.post("/signup/", NADIA | told)
    assert answer.status_code == 302, answer.text
    return type_code(browser, mailed_code())


def link_on(browser: Client) -> tuple[str, str]:
    """Host and path of the link that the ready page leads on to."""
    page = browser.get("/signup/ready/")
    found = re.search(r'url=http://([^/"]+)(/account/welcome/[^"]+/)"', page.text)
    assert found, page.text
    return found[1], found[2]


def willow() -> Clinic:
    return Clinic.objects.get(slug=SLUG)
