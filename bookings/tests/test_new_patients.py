"""Times that are kept for people who have not been here before."""

from datetime import timedelta

import pytest

from bookings import locking
from bookings.actions import appointments, slots
from bookings.availability import Reason
from bookings.errors import NotOfferedError
from bookings.models import Appointment, Slot
from bookings.tests import make

pytestmark = pytest.mark.usefixtures("clinic")


def test_somebody_new_may_have_it_saved_or_not():
    make.practice()
    first, second, *_ = make.slots(make.doctor(), new_patients_only=True)

    assert book(first, make.new_patient())
    assert book(second, make.patient())


def test_somebody_who_was_here_is_told_so():
    make.practice()
    kept, *_ = make.slots(make.doctor(), new_patients_only=True)

    with pytest.raises(NotOfferedError) as refused:
        book(kept, somebody_known())

    assert refused.value.reason == Reason.NEW_PATIENTS
    assert "new to the clinic" in str(refused.value)


def test_staff_may_give_it_to_anybody():
    make.practice()
    kept, *_ = make.slots(make.doctor(), new_patients_only=True)

    assert book(kept, somebody_known(), as_staff=True)


def test_who_only_ever_cancelled_or_did_not_come_is_still_new():
    make.practice()
    kept, *_ = make.slots(make.doctor(), new_patients_only=True)
    person = somebody_known()
    Appointment.objects.filter(patient=person).update(status="no_show")

    assert book(kept, person)


def test_the_times_come_from_working_hours_and_follow_them():
    make.practice(horizon_days=7)
    doctor = make.doctor()
    rule = make.hours(doctor, new_patients_only=True)
    slots.publish()
    assert set(Slot.objects.values_list("new_patients_only", flat=True)) == {True}

    rule.new_patients_only = False
    rule.save()
    slots.publish()
    assert set(Slot.objects.values_list("new_patients_only", flat=True)) == {False}


def somebody_known():
    """Somebody with a visit behind them."""
    person = make.patient()
    doctor = make.doctor()
    past = make.slots(doctor, start=locking.clock() - timedelta(days=30), number=1)
    book(past[0], person, as_staff=True, now=past[0].start - timedelta(days=1))
    return person


def book(slot, patient, **wishes):
    via = Appointment.Via.PAGE
    return appointments.book(
        slot_id=slot.pk, patient=patient, by=None, via=via, **wishes
    )
