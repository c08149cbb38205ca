"""How much one caller may ask for; and what is said when we cannot serve."""

import pytest
from django.db import IntegrityError, OperationalError

from bookings.api import throttling
from bookings.models import Doctor
from bookings.tests import make


def test_two_hundred_reads_and_bookings_in_a_burst_pass(guest, person):
    slot, *_ = make.slots(make.doctor())
    wish = {"slot": str(slot.pk), "patient": person}

    reads = {guest.get(f"slots/{slot.pk}/").status_code for _ in range(200)}
    writes = [guest.post("appointments/", wish).status_code for _ in range(200)]

    assert reads == {200}
    assert writes == [201] + [409] * 199


def test_beyond_the_limit_one_is_told_when_to_come_back(guest, patient, monkeypatch):
    monkeypatch.setattr(throttling, "READS", 3)
    answers = [guest.get("doctors/") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert answers[-1].json()["code"] == "throttled"
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert patient.get("doctors/").status_code == 200  # counted by user, not address


def test_claiming_another_address_does_not_help(guest, monkeypatch):
    monkeypatch.setattr(throttling, "READS", 3)
    statuses = [
        guest.client.get(
            "/api/v1/doctors/", headers={"x-forwarded-for": f"203.0.113.{n}"}
        ).status_code
        for n in range(5)
    ]

    assert statuses[-1] == 429


def test_a_guest_cannot_hold_every_time_there_is(guest, patient, monkeypatch):
    monkeypatch.setattr(throttling, "HOLDS_OF_GUESTS", 2)
    free = make.slots(make.doctor(), number=4)

    held = [guest.post("holds/", {"slot": str(slot.pk)}) for slot in free[:3]]

    assert [answer.status_code for answer in held] == [201, 201, 429]
    assert patient.post("holds/", {"slot": str(free[3].pk)}).status_code == 201


@pytest.mark.parametrize(
    ("error", "status", "code", "wait"),
    [
        (OperationalError("gone"), 503, "unavailable", "2"),
        (IntegrityError("clash"), 409, "slot_busy", "1"),
        (RuntimeError("a secret"), 500, "error", None),
    ],
)
def test_what_breaks_is_told_without_its_insides(
    guest, monkeypatch, error, status, code, wait
):
    def broken(_self):
        raise error

    monkeypatch.setattr(type(Doctor.objects), "listed", broken)
    answer = guest.get("doctors/")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.get("Retry-After") == wait
    assert str(error) not in answer.content.decode()


def test_answers_are_kept_by_nobody(guest, patient):
    for answer in (guest.get("doctors/"), patient.get("appointments/")):
        assert answer["Cache-Control"] == "no-store"


def test_times_may_be_kept_but_are_asked_for_each_time(guest):
    first = guest.get("slots/")
    again = guest.client.get("/api/v1/slots/", headers={"if-none-match": first["ETag"]})

    assert first["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
