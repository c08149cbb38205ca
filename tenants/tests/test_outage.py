"""The database goes away: every host is told so, and none gets an error page."""

import time

import pytest
from django.db import OperationalError
from django.test import Client

from tenants import hosts


@pytest.fixture
def away(monkeypatch):
    """Make every question about a host fail as it does without a database."""

    def fail(host):
        raise OperationalError(host)

    return lambda: monkeypatch.setattr(hosts, "_look_up", fail)


def ask(path, host="riverside.localhost"):
    client = Client(headers={"host": host}, raise_request_exception=False)
    return client.get(path)


def test_a_host_never_seen_is_told_to_come_back(clinic, away):
    away()

    page, call = ask("/"), ask("/api/v1/doctors/")

    assert page.status_code == call.status_code == 503
    assert int(page["Retry-After"]) == int(call["Retry-After"]) == 5
    assert "Nothing you booked is lost" in page.text
    assert call["Content-Type"] == "application/problem+json"
    assert call.json()["code"] == "unavailable"


def test_a_clinic_that_was_known_stays_known(clinic, away, monkeypatch):
    assert hosts.resolve("riverside.localhost") == clinic
    away()
    later = time.monotonic() + hosts.REMEMBER + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert hosts.resolve("riverside.localhost:8000") == clinic
