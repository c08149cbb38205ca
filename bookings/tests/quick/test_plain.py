"""What is not plain is left to Django, and nothing of it is lost."""

from uuid import uuid4

import pytest

from accounts.models import User
from accounts.tokens import issue
from bookings.models import (
    Patient,
)
from bookings.tests import make
from bookings.tests.quick.asking import Program
from tenants.context import platform_context
from tenants.models import Clinic


def _as_staff(program, slots):
    return program(make.user(role="reception")), {"slot": str(slots[0].pk)}, 400


def _of_nobody(program, slots):
    asks = program()
    asks.token = ""
    return asks, {"slot": str(slots[0].pk)}, 400


def _of_a_guest_with_no_name(program, slots):
    asks, told, status = _of_nobody(program, slots)
    return asks, {**told, "patient": {"email": "can@mail.example"}}, status


def _of_a_guest_who_is_no_object(program, slots):
    asks, told, status = _of_nobody(program, slots)
    return asks, {**told, "patient": ["Can"]}, status


def _with_a_foreign_token(program, slots):
    asks = program()
    asks.token = issue(User.objects.get(), uuid4()).access
    return asks, {"slot": str(slots[0].pk)}, 401


def _barred(program, slots):
    asks = program()
    User.objects.update(is_active=False)
    return asks, {"slot": str(slots[0].pk)}, 401


def _with_another_password(program, slots):
    asks = program()
    User.objects.update(password="another")
    return asks, {"slot": str(slots[0].pk)}, 401


def _for_a_child(program, slots):
    child = {"name": "Can Kaya", "email": "", "date_of_birth": "2020-01-01"}
    told = {"slot": str(slots[0].pk), "patient": {**child, "email": "a@b.example"}}
    return program(), told, 201


def _body(told, status):
    return lambda program, slots: (program(), told, status)


@pytest.mark.parametrize(
    "case",
    [
        _as_staff,
        _of_nobody,
        _of_a_guest_with_no_name,
        _of_a_guest_who_is_no_object,
        _with_a_foreign_token,
        _barred,
        _with_another_password,
        _for_a_child,
        _body({}, 400),
        _body({"slot": "01a20868-6c4d-7044-be01-37e3619dae45"}, 404),
        _body({"slot": 7}, 400),
        _body(b"{", 400),
        _body(b'{"slot": "a", "slot": "b"}', 400),
        _body(b"[]", 400),
        _body({"slot": "\x00"}, 400),
    ],
)
def test_what_is_not_plain_is_left_to_django(program, slots, case):
    asks, told, status = case(program, slots)

    reply = asks.post(told)

    assert (reply.status, reply.by_django) == (status, True), reply.body


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"reason": "x" * 501}, 400),
        ({"reason": 5}, 201),
        ({"timezone": "Mars/Base"}, 400),
        ({"hold": "none of ours"}, 410),
        ({"service": "no id"}, 400),
        ({"service": "01a20868-6c4d-7044-be01-37e3619dae45"}, 404),
    ],
)
def test_what_else_is_said_is_read_by_django_if_it_is_not_plain(
    program, slots, more, status
):
    reply = program().post({"slot": str(slots[0].pk), **more})

    assert (reply.status, reply.by_django) == (status, True), reply.body


def test_what_nobody_asked_for_is_overlooked(program, slots):
    told = {"slot": str(slots[0].pk), "timezone": "Europe/Paris", "status": "completed"}
    reply = program().post(told)

    assert (reply.status, reply.by_django) == (201, False)
    assert reply.json()["status"] == "booked"


def test_a_patient_who_never_booked_becomes_a_person_by_django(slots, committed):
    asks = Program(committed, issue(make.user(), committed.pk).access)

    reply = asks.post({"slot": str(slots[0].pk)})

    assert (reply.status, reply.by_django) == (201, True)
    assert Patient.objects.get().appointments.count() == 1


def test_a_header_that_is_there_twice_is_left_to_django(program, slots):
    asks = program()
    asks.more = [("authorization", f"Bearer {asks.token}")]

    assert asks.post({"slot": str(slots[0].pk)}).by_django


def test_another_host_is_left_to_django(program, slots):
    asks = program()
    asks.host = "nobody.localhost"

    reply = asks.post({"slot": str(slots[0].pk)})

    assert (reply.status, reply.by_django) == (404, True)


def test_a_token_of_another_clinic_is_nobody_s_here(program, slots):
    asks = program()
    with platform_context():
        other = Clinic.objects.get(slug="harbor")
    asks.token = issue(User.objects.get(), other.pk).access

    assert asks.post({"slot": str(slots[0].pk)}).status == 401
