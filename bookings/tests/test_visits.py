"""The day of the visit, step by step and back."""

import pytest

from bookings.actions import appointments, visits
from bookings.errors import SlotTakenError, VersionMismatchError, WrongStateError
from bookings.models import Appointment, AppointmentChange, OutboxMessage, Slot
from bookings.tests import make

DESK = Appointment.Via.DESK
Kind = AppointmentChange.Kind


@pytest.fixture
def visit(clinic):
    make.practice()
    slot, *_ = make.slots(make.doctor())
    return appointments.book(
        slot_id=slot.pk, patient=make.new_patient(), by=None, via=DESK
    )


def mark(visit, step, **wishes):
    return visits.mark(
        appointment_id=visit.pk, step=step, by=None, via=DESK, **wishes
    ).status


def undo(visit):
    return visits.undo(appointment_id=visit.pk, by=None, via=DESK).status


def test_arrive_complete_and_back_to_the_start(visit):
    assert mark(visit, Kind.ARRIVED) == "arrived"
    assert mark(visit, Kind.COMPLETED) == "completed"
    assert undo(visit) == "arrived"
    assert undo(visit) == "booked"
    with pytest.raises(WrongStateError):
        undo(visit)


def test_undo_after_undo_takes_back_the_right_step(visit):
    mark(visit, Kind.ARRIVED)
    undo(visit)
    mark(visit, Kind.NO_SHOW)

    assert undo(visit) == "booked"


def test_steps_tell_the_patient_nothing_and_are_all_in_the_history(visit):
    mark(visit, Kind.ARRIVED)
    undo(visit)

    assert [c.kind for c in visit.history.all()] == ["booked", "arrived", "undone"]
    assert OutboxMessage.objects.count() == 1


def test_a_step_that_does_not_follow_is_refused(visit):
    mark(visit, Kind.COMPLETED)

    with pytest.raises(WrongStateError):
        mark(visit, Kind.ARRIVED)


def test_a_cancelled_visit_has_no_steps(visit):
    appointments.cancel(appointment_id=visit.pk, by=None, via=DESK)

    with pytest.raises(WrongStateError):
        mark(visit, Kind.ARRIVED)
    with pytest.raises(WrongStateError):
        undo(visit)


def test_two_receptionists_on_one_visit_the_second_is_told(visit):
    mark(visit, Kind.ARRIVED, version=1)

    with pytest.raises(VersionMismatchError):
        mark(visit, Kind.NO_SHOW, version=1)


def test_a_no_show_whose_time_has_gone_to_another_is_not_undone_into_it(clinic):
    make.practice()
    slot, *_ = make.slots(make.doctor())
    first = book_at(slot)
    visits.mark(appointment_id=first.pk, step=Kind.NO_SHOW, by=None, via=DESK)
    Slot.objects.filter(pk=slot.pk).update(appointment=None)
    book_at(slot)

    with pytest.raises(SlotTakenError):
        visits.undo(appointment_id=first.pk, by=None, via=DESK)


def book_at(slot):
    return appointments.book(
        slot_id=slot.pk, patient=make.new_patient(), by=None, via=DESK, as_staff=True
    )
