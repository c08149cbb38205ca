"""Holding a time through the API."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from bookings.models import Appointment, Hold, Slot
from bookings.tests import make


@pytest.fixture
def free(clinic):
    return make.slots(make.doctor())


def test_a_hold_takes_all_slots_of_its_service(guest):
    long = make.service(minutes=40)
    one, two, *_ = make.slots(make.doctor(services=[make.service(), long]))

    answer = guest.post("holds/", {"slot": str(one.pk), "service": str(long.pk)})

    assert answer.status_code == 201
    told = answer.json()
    assert set(told) == {"token", "slot", "slots", "expires_at"}
    assert (told["slot"], told["slots"]) == (str(one.pk), [str(one.pk), str(two.pk)])
    ends = Hold.objects.get().expires_at
    assert told["expires_at"] == ends.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ends > timezone.now() + timedelta(minutes=4)


def test_a_held_time_is_held_for_others_until_it_is_let_go(guest, free, person):
    held = guest.post("holds/", {"slot": str(free[0].pk)}).json()
    wish = {"slot": str(free[0].pk), "patient": person}

    refused = guest.post("appointments/", wish)
    let_go = guest.delete(f"holds/{held['token']}/")

    assert refused.status_code == 409
    assert refused.json()["code"] == "slot_held"
    assert refused.json()["held_until"] == held["expires_at"]
    assert (let_go.status_code, let_go.content) == (204, b"")
    assert guest.post("appointments/", wish).status_code == 201


def test_a_hold_books_its_time_once(guest, free, person):
    held = guest.post("holds/", {"slot": str(free[0].pk)}).json()
    wish = {"slot": str(free[0].pk), "hold": held["token"], "patient": person}

    first = guest.post("appointments/", wish)
    again = guest.post("appointments/", wish)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Appointment.objects.count() == 1


def test_a_hold_for_another_time_or_an_ended_one_books_nothing(guest, free, person):
    held = guest.post("holds/", {"slot": str(free[0].pk)}).json()

    def book(slot, token):
        wish = {"slot": str(slot.pk), "hold": token, "patient": person}
        return guest.post("appointments/", wish)

    elsewhere, unknown = book(free[1], held["token"]), book(free[0], "no such hold")
    Hold.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    Slot.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    ended = book(free[0], held["token"])

    for answer in (elsewhere, unknown, ended):
        assert (answer.status_code, answer.json()["code"]) == (410, "hold_expired")
    assert not Appointment.objects.exists()


def test_guests_programs_hold_several_times_and_a_patient_one(guest, patient, free):
    guests = [guest.post("holds/", {"slot": str(free[n].pk)}) for n in (0, 1)]
    patients = [patient.post("holds/", {"slot": str(free[n].pk)}) for n in (2, 3)]

    assert {answer.status_code for answer in [*guests, *patients]} == {201}
    held = Slot.objects.with_status("held", timezone.now())
    assert set(held) == {free[0], free[1], free[3]}


def test_a_token_that_is_none_is_let_go_too(guest):
    assert guest.delete("holds/never-was-one/").status_code == 204


def test_a_time_that_does_not_exist_is_not_found(guest):
    answer = guest.post("holds/", {"slot": str(uuid4())})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_taken_time_names_the_nearest_free_ones(guest, free, person):
    guest.post("appointments/", {"slot": str(free[2].pk), "patient": person})

    answer = guest.post("holds/", {"slot": str(free[2].pk)})

    assert answer.status_code == 409
    told = answer.json()
    assert told["code"] == "slot_taken"
    assert [slot["id"] for slot in told["alternatives"]] == [
        str(free[n].pk) for n in (0, 1, 3)
    ]
    assert (
        told["alternatives"][0]
        == guest.get(f"slots/{told['alternatives'][0]['id']}/").json()
    )
