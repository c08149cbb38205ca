"""Addresses, filters and methods that are none: a code each, never a 500."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bookings.tests.api.refusals import NOT_IDS, ZERO_ID, refused


@pytest.mark.parametrize("value", [v for v in NOT_IDS if isinstance(v, str) and v])
def test_what_is_no_id_is_refused_in_a_filter_and_not_found_in_a_path(
    guest, desk, value
):
    refused(guest.get("slots/", doctor=value), field="doctor")
    refused(guest.get("slots/", service=value), field="service")
    refused(desk.get("appointments/", doctor=value), field="doctor")
    for path in ("slots", "doctors", "services", "appointments"):
        refused(desk.get(f"{path}/{value}/"), 404, "not_found")
    refused(desk.post(f"appointments/{value}/cancel/"), 404, "not_found")


@pytest.mark.parametrize("path", ["slots", "doctors", "services", "appointments"])
def test_an_id_of_nobody_is_not_found(desk, path):
    refused(desk.get(f"{path}/{ZERO_ID}/"), 404, "not_found")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "tomorrow",
        "0000-01-01",
        "0001-01-01",
        "9999-12-31",
        "10000-01-01",
        "2027-02-29",
        "2027-13-01",
        "2027-01-01T24:00:00Z",
        "2027-01-01T23:59:60Z",
        "2027-01-01T10:00:00",
        "2027-01-01T10:00:00+25:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "2027-W01-1",
        "20270101",
        "\u0662\u0660\u0662\u0667-01-01",
        "1e9",
    ],
)
def test_a_day_that_is_none_or_out_of_reach(guest, desk, value):
    for name in ("from", "to"):
        assert refused(guest.get("slots/", **{name: value}), field=name)
        found = desk.get("appointments/", **{name: value})
        assert found.status_code == 200 or refused(found, field=name)


def test_a_range_is_in_order_and_not_too_long(guest, desk):
    today = timezone.now().date()

    def days(first, last):
        return {
            "from_": (today + timedelta(days=first)).isoformat(),
            "to": (today + timedelta(days=last)).isoformat(),
        }

    assert guest.get("slots/", **days(1, 62)).status_code == 200
    assert refused(guest.get("slots/", **days(1, 63)), field="to")
    assert refused(guest.get("slots/", **days(5, 3)), field="to")
    assert refused(guest.get("slots/", **days(-2, 3)), field="from")
    assert refused(guest.get("slots/", **days(700, 740)), field="to")
    assert refused(desk.get("appointments/", **days(-3, -5)), field="to")
    assert desk.get("appointments/", **days(-5000, 5000)).status_code == 200


@pytest.mark.parametrize("value", ["", "FREE", "all", "free,held", "x" * 5000])
def test_a_status_that_is_none(guest, desk, value):
    assert refused(guest.get("slots/", status=value), field="status")
    if value != "all":
        assert refused(desk.get("appointments/", status=value), field="status")


@pytest.mark.parametrize("value", ["0", "-1", "501", "1e3", "", "9" * 5000, "²"])
def test_a_limit_that_is_none(guest, value):
    for path in ("slots/", "doctors/", "services/"):
        assert refused(guest.get(path, limit=value), field="limit")


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "é",
        "W10",
        "bnVsbA",
        "WyJuIl0",
        "WyJuIiwgMSwgMl0",
        "WyJuIiwgIngiLCAieSJd",
        "WyJuIiwgIjIwMjctMDEtMDEiLCAiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
        "WyJuIiwgIjIwMjctMDEtMDFUMDA6MDA6MDAiLCAiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
        "WyJuIiwgIjk5OTktMTItMzFUMjM6NTk6NTktMTQ6MDAiLCAieFx1MDAwMCJd",
        "[" * 100_000,
    ],
    ids=lambda value: value[:20],
)
def test_a_cursor_that_is_none_of_ours(guest, value):
    for path in ("slots/", "doctors/", "services/"):
        assert refused(guest.get(path, cursor=value), field="cursor")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "nope/"),
        ("get", ""),
        ("get", "slots"),
        ("post", "appointments"),
        ("post", "holds"),
        ("put", "x/y/z"),
        ("delete", "slots//"),
        ("get", "slots/%2e%2e/"),
        ("get", "/api/"),
        ("post", "/api/v2/appointments/"),
    ],
)
@pytest.mark.parametrize("debug", [True, False])
def test_an_address_that_is_none(guest, settings, method, path, debug):
    settings.DEBUG = debug
    address = path if path.startswith("/") else f"/api/v1/{path}"

    assert refused(getattr(guest.client, method)(address), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("put", "slots/"),
        ("patch", f"appointments/{ZERO_ID}/"),
        ("delete", f"appointments/{ZERO_ID}/"),
        ("options", "appointments/"),
        ("get", "auth/token/"),
        ("get", f"appointments/{ZERO_ID}/cancel/"),
        ("get", "holds/"),
    ],
)
def test_a_method_that_is_none(desk, method, path):
    answer = getattr(desk.client, method)(f"/api/v1/{path}")

    assert refused(answer, 405, "method_not_allowed")
    assert answer["Allow"]


def test_a_nul_in_an_address_is_refused(guest):
    for path in ("slots/%00/", "slots/?doctor=%00", "holds/%00/"):
        assert refused(guest.client.get(f"/api/v1/{path}"))
