"""The database goes away: every host is told so, and none gets an error page."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection
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


def test_a_pool_full_of_dead_connections_heals_at_once(committed):
    fill_the_pool()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()

    before = time.monotonic()
    for _ in range(10):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.close()
    assert time.monotonic() - before < 3


def fill_the_pool(size=8):
    """Leave that many idle connections: as many threads, all connected at once."""
    everybody = threading.Barrier(size)

    def connect(_):
        connection.ensure_connection()
        everybody.wait(timeout=10)
        connection.close()

    with ThreadPoolExecutor(size) as threads:
        list(threads.map(connect, range(size)))
