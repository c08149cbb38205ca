"""Tries are counted per clinic, let go after their time, and never without end."""

import logging

import pytest
from django.test import RequestFactory
from django_redis import get_redis_connection

from accounts import throttle
from tenants.context import clinic_context


@pytest.fixture(autouse=True)
def _asks_redis(clinic, monkeypatch):
    monkeypatch.setattr(throttle, "_asked_again_at", 0.0)


def hits(number, ident="ada", **limits):
    limits = {"limit": 3, "seconds": 60} | limits
    return [throttle.hit("guess", ident, **limits) for _ in range(number)]


def test_as_many_as_allowed_then_the_seconds_to_wait():
    assert hits(5) == [None, None, None, 60, 60]


def test_who_is_somebody_else_has_tries_of_their_own():
    hits(5)

    assert hits(1, ident="bob") == [None]


def test_another_clinic_counts_for_itself(clinic, other_clinic):
    hits(5)

    with clinic_context(other_clinic):
        assert hits(1) == [None]


def test_forgiven_tries_do_not_count_and_leave_nothing_behind():
    for _ in range(9):
        assert hits(1) == [None]
        throttle.forgive("guess", "ada")
    throttle.forgive("guess", "never tried")

    assert throttle.wait("guess", "ada", limit=1) is None
    assert throttle.wait("guess", "never tried", limit=1) is None


def test_one_can_ask_without_counting():
    hits(2)

    assert throttle.wait("guess", "ada", limit=3) is None
    assert throttle.wait("guess", "ada", limit=2) == 60
    assert hits(1) == [None]


def test_every_counter_ends_and_names_nobody():
    hits(1, ident="ada@mail.example")

    redis = get_redis_connection("default")
    keys = redis.keys("*throttle*")
    assert [redis.ttl(key) for key in keys] == [60]
    assert b"ada" not in b"".join(keys)


def test_nothing_is_counted_when_limits_are_off(settings):
    settings.RATE_LIMITS = False

    assert hits(9) == [None] * 9


def test_without_redis_people_get_in_and_the_log_says_so(monkeypatch, caplog):
    def gone(_alias):
        raise ConnectionError

    caplog.set_level(logging.WARNING, "accounts.throttle")
    monkeypatch.setattr(throttle, "get_redis_connection", gone)

    assert hits(5) == [None] * 5
    throttle.forgive("guess", "ada")
    assert throttle.wait("guess", "ada", limit=1) is None
    assert len(caplog.messages) == 1  # and is left alone for a while


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "[2001:db8:1:2:3::4]:80", "2001:db8:1:2::/64"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "nonsense", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_only_our_own_proxies_are_believed(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get(
        "/", REMOTE_ADDR="192.0.2.1", headers={"x-forwarded-for": forwarded}
    )

    assert throttle.client_address(request) == address


def test_a_socket_without_an_address_is_one_caller():
    assert throttle.client_address(RequestFactory().get("/", REMOTE_ADDR="")) == (
        "unknown"
    )
