"""What nobody should send: a plain answer under a code, never a 500, nothing written."""

import pytest

from bookings.models import Appointment, Patient
from bookings.tests import make
from bookings.tests.api.refusals import NOT_IDS, refused


@pytest.fixture
def slot(clinic):
    return make.slots(make.doctor())[0]


@pytest.fixture
def wish(slot, person):
    return {"slot": str(slot.pk), "patient": person}


@pytest.mark.parametrize("value", NOT_IDS, ids=repr)
def test_what_is_no_id_is_refused_in_a_body(guest, wish, value):
    for path in ("appointments/", "holds/"):
        refused(guest.post(path, wish | {"slot": value}), field="slot")
        if value is not None:
            refused(guest.post(path, wish | {"service": value}), field="service")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", 5),
        ("name", None),
        ("name", ["Ada"]),
        ("name", "x" * 201),
        ("name", "Ada\x00"),
        ("email", ""),
        ("email", "ada"),
        ("email", "ada@"),
        ("email", "a" * 250 + "@mail.example"),
        ("email", "ada@mail.example\r\nBcc: all@mail.example"),
        ("phone", "none"),
        ("phone", "1"),
        ("phone", "9" * 40),
        ("phone", "0" * 41),
        ("phone", {"a": 1}),
        ("date_of_birth", "3026-01-01"),
        ("date_of_birth", "1899-12-31"),
        ("date_of_birth", "0001-01-01"),
        ("date_of_birth", "9999-12-31"),
        ("date_of_birth", "10000-01-01"),
        ("date_of_birth", "2001-02-29"),
        ("date_of_birth", "2001-02-28T24:00"),
        ("date_of_birth", 19900101),
        ("date_of_birth", ""),
    ],
)
def test_a_person_that_cannot_be(guest, wish, field, value):
    answer = guest.post(
        "appointments/", wish | {"patient": wish["patient"] | {field: value}}
    )

    where = "patient" if "\x00" in str(value) else f"patient.{field}"
    refused(answer, field=where)
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("patient", "Ada"),
        ("patient", []),
        ("patient", 1),
        ("reason", "x" * 501),
        ("reason", None),
        ("reason", {}),
        ("hold", "x" * 201),
        ("hold", ["a"]),
        ("timezone", ""),
        ("timezone", "../../etc/passwd"),
        ("timezone", "/etc/localtime"),
        ("timezone", "http://x"),
        ("timezone", "localtime"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "x" * 10_000),
        ("timezone", 0),
    ],
)
def test_a_booking_that_cannot_be(guest, wish, field, value):
    answer = guest.post("appointments/", wish | {field: value})

    assert refused(answer)
    assert next(iter(answer.json()["errors"])).split(".")[0] == field
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"slot"',
        b"5",
        b"NaN",
        b'{"slot": NaN}',
        b'{"slot": Infinity}',
        b'{"slot": 1, "slot": 2}',
        b'{"patient": {"name": "a", "name": "b"}}',
        b'{"slot": "a\x00"}',
        rb'{"slot": "a\u0000"}',
        rb'{"slot": "a\ud800"}',
        rb'{"patient": {"name": ["\udfff"]}}',
        rb'{"a\u0000": 1}',
        rb'{"\ud800": 1}',
        b'{"slot": "\xff\xfe"}',
        '{"slot": "é"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"slot": ' + b"9" * 5000 + b"}",
        b'{"slot": 1e999}',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_no_honest_json(guest, body):
    for path in ("appointments/", "holds/", "auth/token/", "auth/refresh/"):
        answer = guest.client.post(f"/api/v1/{path}", body, "application/json")

        assert refused(answer)


@pytest.mark.parametrize(
    ("media_type", "status", "code"),
    [
        ("text/plain", 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("multipart/form-data; boundary=x", 415, "unsupported_media_type"),
        ("", 415, "unsupported_media_type"),
        ("application/json; charset=utf-16", 400, "invalid"),
        ("application/json; charset=bz2_codec", 400, "invalid"),
        ("application/json; charset=no-such", 400, "invalid"),
    ],
)
def test_what_is_not_sent_as_json(guest, wish, media_type, status, code):
    answer = guest.client.generic(
        "POST", "/api/v1/appointments/", b'{"slot": "x"}', content_type=media_type
    )

    assert refused(answer, status, code)


def test_more_than_a_megabyte_is_too_large(guest):
    body = b'{"reason": "' + b"x" * 1024 * 1024 + b'"}'
    for path in ("appointments/", "auth/token/"):
        answer = guest.client.post(f"/api/v1/{path}", body, "application/json")

        assert refused(answer, 413, "too_large")


@pytest.mark.parametrize(
    "name",
    [
        "A",
        "👩‍⚕️ Zoë",
        "\u202eadA",
        "x" * 200,
        "<img src=x onerror=1>",
        "{{7*7}}",
        "=1+1",
    ],
)
def test_odd_names_come_back_as_they_were_meant(guest, wish, name):
    answer = guest.post(
        "appointments/", wish | {"patient": wish["patient"] | {"name": name}}
    )

    assert answer.status_code == 201
    assert answer.json()["patient"]["name"] == name


def test_equal_names_are_equal_bytes(guest, wish):
    answer = guest.post(
        "appointments/",
        wish | {"patient": wish["patient"] | {"name": " Zoe\u0308\n Ko\tch "}},
    )

    assert answer.json()["patient"]["name"] == "Zo\u00eb Ko ch"
