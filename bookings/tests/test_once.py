"""The same request twice is done once, and answered the same."""

from functools import partial

import pytest

from bookings.actions import appointments
from bookings.errors import KeyMismatchError, SlotTakenError
from bookings.models import Appointment, KeptAnswer
from bookings.once import Answer, Once, Replay, forget_old
from bookings.tests import make
from bookings.tests.test_races import at_once

API = Appointment.Via.API


def key(caller="partner", name="k1", request=b"POST slot 1"):
    return Once(caller, name, request, lambda made: Answer(201, {"id": str(made.pk)}))


def book(slot, once):
    return appointments.book(
        slot_id=slot.pk, patient=make.new_patient(), by=None, via=API, once=once
    )


@pytest.fixture
def slot(clinic):
    make.practice()
    return make.slots(make.doctor())[0]


def test_a_repeat_is_answered_as_the_first_time(slot):
    made = book(slot, key())

    with pytest.raises(Replay) as replay:
        book(slot, key())
    assert replay.value.answer == Answer(201, {"id": str(made.pk)})
    assert Appointment.objects.count() == 1


def test_the_key_with_another_request_is_refused(slot):
    book(slot, key())

    with pytest.raises(KeyMismatchError):
        book(slot, key(request=b"POST slot 2"))


def test_a_guessed_key_of_another_caller_reveals_nothing(slot):
    book(slot, key())

    with pytest.raises(SlotTakenError):
        book(slot, key(caller="somebody else"))


def test_nothing_is_kept_of_what_failed(slot):
    book(slot, key())

    with pytest.raises(SlotTakenError):
        book(slot, key(name="k2"))
    assert KeptAnswer.objects.count() == 1


def test_answers_are_forgotten_after_a_day(slot):
    book(slot, key())
    kept = KeptAnswer.objects.get()

    assert forget_old(kept.created_at) == 0
    assert forget_old(kept.created_at.replace(year=2099)) == 1


def test_ten_repeats_at_once_make_one_booking(committed):
    make.practice()
    slot, *_ = make.slots(make.doctor())

    def repeat():
        try:
            book(slot, key())
        except Replay:
            pass

    outcomes = at_once(committed, [partial(repeat)] * 10)

    assert Appointment.objects.count() == 1
    assert set(outcomes) <= {"done", "idempotency_in_flight", "slot_busy"}
