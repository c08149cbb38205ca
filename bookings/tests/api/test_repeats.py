"""Idempotency-Key: partners can repeat any POST blindly."""

import pytest

from bookings.models import Appointment, Hold
from bookings.tests import make

KEY = {"idempotency_key": "k-1"}


@pytest.fixture
def slots(clinic):
    return make.slots(make.doctor())


def wish(slot, **more):
    person = {"name": "Elif Kaya", "email": "elif@mail.example"}
    return {"slot": str(slot.pk), "patient": person} | more


def test_a_repeated_booking_is_answered_as_the_first_time(guest, slots):
    first = guest.post("appointments/", wish(slots[0]), **KEY)
    again = guest.post("appointments/", wish(slots[0]), **KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert again["ETag"] == first["ETag"]
    assert "Idempotency-Replayed" not in first
    assert Appointment.objects.count() == 1


def test_the_key_with_another_body_is_422(guest, slots):
    guest.post("appointments/", wish(slots[0]), **KEY)

    other = guest.post("appointments/", wish(slots[1]), **KEY)

    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_another_caller_with_the_same_key_sees_nothing(guest, calls_as, slots):
    guest.post("appointments/", wish(slots[0]), **KEY)
    desk = calls_as(make.user(role="reception"))

    answer = desk.post("appointments/", wish(slots[0]), **KEY)

    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")


def test_a_final_refusal_is_kept_even_when_the_time_comes_free(guest, calls_as, slots):
    desk = calls_as(make.user(role="owner"))
    made = desk.post("appointments/", wish(slots[0])).json()
    refused = guest.post("appointments/", wish(slots[0]), **KEY)
    desk.post(f"appointments/{made['id']}/cancel/")

    again = guest.post("appointments/", wish(slots[0]), **KEY)

    assert (refused.status_code, again.status_code) == (409, 409)
    assert again.json() == refused.json()
    assert again["Content-Type"] == "application/problem+json"
    assert again["Idempotency-Replayed"] == "true"


def test_a_refusal_that_may_end_is_not_kept(guest, slots):
    held = guest.post("holds/", {"slot": str(slots[0].pk)}).json()
    refused = guest.post("appointments/", wish(slots[0]), **KEY)
    guest.delete(f"holds/{held['token']}/")

    assert refused.json()["code"] == "slot_held"
    assert guest.post("appointments/", wish(slots[0]), **KEY).status_code == 201


def test_holding_cancelling_and_moving_are_repeatable_too(guest, calls_as, slots):
    first = guest.post("holds/", {"slot": str(slots[0].pk)}, **KEY)
    assert (
        guest.post("holds/", {"slot": str(slots[0].pk)}, **KEY).json() == first.json()
    )
    assert Hold.objects.count() == 1

    desk = calls_as(make.user(role="reception"))
    made = desk.post("appointments/", wish(slots[1])).json()
    where = f"appointments/{made['id']}"
    for action, body in [("reschedule", {"slot": str(slots[2].pk)}), ("cancel", {})]:
        key = {"idempotency_key": action}
        one = desk.post(f"{where}/{action}/", body, **key)
        two = desk.post(f"{where}/{action}/", body, **key)
        assert (one.status_code, two.status_code) == (200, 200)
        assert two.json() == one.json()
    assert Appointment.objects.get().version == 3


@pytest.mark.parametrize("key", ["", "x" * 201, "schlüssel"])
def test_a_key_that_is_none_is_refused(guest, slots, key):
    answer = guest.post("appointments/", wish(slots[0]), idempotency_key=key)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
