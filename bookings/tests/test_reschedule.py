"""Moving an appointment: the old time is given up only when the new one is won."""

from datetime import timedelta

import pytest

from bookings.actions import appointments, holds
from bookings.errors import (
    AlreadyCancelledError,
    HoldExpiredError,
    NotOfferedError,
    SlotTakenError,
    TooLateError,
    VersionMismatchError,
)
from bookings.models import Appointment, OutboxMessage, Slot
from bookings.tests import make

PAGE = Appointment.Via.PAGE


@pytest.fixture
def long_visit(clinic):
    """A doctor whose visits take two slots, and one visit at the first two of six."""
    make.practice()
    doctor = make.doctor(services=[make.service(minutes=40)])
    slots = make.slots(doctor)
    return book(slots[0]), slots


def book(slot):
    return appointments.book(
        slot_id=slot.pk, patient=make.new_patient(), by=None, via=PAGE
    )


def move(appointment, slot, **wishes):
    return appointments.reschedule(
        appointment_id=appointment.pk, slot_id=slot.pk, by=None, via=PAGE, **wishes
    )


def taken() -> list[bool]:
    return [slot.appointment_id is not None for slot in Slot.objects.order_by("start")]


def test_a_move_frees_the_old_time_and_says_so_once(long_visit):
    visit, slots = long_visit

    moved = move(visit, slots[3])

    assert moved.pk == visit.pk
    assert taken() == [False, False, False, True, True, False]
    assert [c.kind for c in visit.history.all()] == ["booked", "moved"]
    assert OutboxMessage.objects.count() == 2
    assert moved.version == 2


def test_a_visit_may_move_into_its_own_second_half(long_visit):
    visit, slots = long_visit

    move(visit, slots[1])

    assert taken() == [False, True, True, False, False, False]


def test_a_lost_new_time_leaves_the_old_one(long_visit):
    visit, slots = long_visit
    book(slots[3])

    with pytest.raises(SlotTakenError):
        move(visit, slots[2])
    assert taken() == [True, True, False, True, True, False]
    visit.refresh_from_db()
    assert visit.start == slots[0].start


def test_moving_to_where_it_is_changes_nothing(long_visit):
    visit, slots = long_visit

    assert move(visit, slots[0]).version == 1
    assert OutboxMessage.objects.count() == 1


def test_a_time_freed_by_a_move_can_be_held_and_booked(long_visit):
    """cal.com 21589: a slot freed by a move showed free, yet could not be held."""
    visit, slots = long_visit
    move(visit, slots[3])

    placed = holds.place(slot_id=slots[0].pk, holder="browser")

    assert appointments.book(
        slot_id=slots[0].pk,
        patient=make.new_patient(),
        by=None,
        via=PAGE,
        hold_token=placed.token,
    )


def test_a_cancelled_one_cannot_be_moved(long_visit):
    """cal.com 13166, 29407: a cancelled booking's link rescheduled it."""
    visit, slots = long_visit
    appointments.cancel(appointment_id=visit.pk, by=None, via=PAGE)

    with pytest.raises(AlreadyCancelledError):
        move(visit, slots[3])


def test_cut_off_and_version_guard_a_move_as_they_guard_a_cancellation(long_visit):
    visit, slots = long_visit
    late = visit.start - timedelta(minutes=30)

    with pytest.raises(TooLateError):
        move(visit, slots[3], now=late)
    with pytest.raises(VersionMismatchError):
        move(visit, slots[3], version=9)
    assert move(visit, slots[3], now=late, as_staff=True)


def test_a_move_with_a_hold_uses_it_up_and_with_an_ended_one_does_nothing(long_visit):
    visit, slots = long_visit
    placed = holds.place(slot_id=slots[3].pk, holder="browser")
    later = placed.hold.expires_at + timedelta(seconds=1)

    with pytest.raises(HoldExpiredError):
        move(visit, slots[3], hold_token=placed.token, now=later)
    assert move(visit, slots[3], hold_token=placed.token).version == 2


def test_a_move_to_a_doctor_who_does_not_offer_the_service_is_refused(long_visit):
    visit, _ = long_visit
    elsewhere = make.slots(make.doctor())

    with pytest.raises(NotOfferedError) as refused:
        move(visit, elsewhere[0])
    assert refused.value.reason == "service"


def test_the_cap_does_not_stop_a_move(long_visit):
    visit, slots = long_visit
    make.practice(max_open_appointments=1)

    assert move(visit, slots[3])


def test_a_cancelled_visit_is_not_already_where_it_was(clinic):
    make.practice()
    slot, *_ = make.slots(make.doctor())
    visit = appointments.book(
        slot_id=slot.pk, patient=make.new_patient(), by=None, via=Appointment.Via.PAGE
    )
    via = Appointment.Via.PAGE
    appointments.cancel(appointment_id=visit.pk, by=None, via=via)

    with pytest.raises(AlreadyCancelledError):
        appointments.reschedule(
            appointment_id=visit.pk, slot_id=slot.pk, by=None, via=via
        )
