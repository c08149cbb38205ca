"""One more visit on a time that is taken: allowed on purpose, marked, and no loophole."""

import pytest

from bookings.actions import appointments, holds
from bookings.actions.overbooking import overbook
from bookings.errors import NotOfferedError, PatientBusyError
from bookings.models import Appointment, Slot
from bookings.tests import make

DESK = Appointment.Via.DESK
pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def taken():
    """A slot that somebody has."""
    make.practice()
    slot = make.slots(make.doctor())[1]
    book(slot)
    return slot


def book(slot, **wishes):
    person = wishes.pop("patient", None) or make.new_patient()
    return appointments.book(
        slot_id=slot.pk, patient=person, by=None, via=DESK, **wishes
    )


def squeeze(slot, *, why="Fell off a ladder", **wishes):
    person = wishes.pop("patient", None) or make.new_patient()
    by = make.user(role="reception")
    return overbook(slot_id=slot.pk, patient=person, by=by, via=DESK, why=why, **wishes)


def test_it_is_marked_with_its_reason_and_takes_nothing_from_who_has_the_time(taken):
    first = Appointment.objects.get()

    second = squeeze(taken)

    assert second.is_overbooked
    assert not first.is_overbooked
    assert second.history.get().reason == "Fell off a ladder"
    assert second.history.get().by is not None
    taken.refresh_from_db()
    assert taken.appointment == first
    assert not second.slots.exists()


def test_several_may_be_squeezed_in_and_still_nobody_books_the_time(taken):
    squeeze(taken)
    squeeze(taken)
    appointments.cancel(
        appointment_id=Appointment.objects.order_by("created_at")[0].pk,
        by=None,
        via=DESK,
        as_staff=True,
    )
    assert book(taken)  # free again: overbooked visits never occupied it


def test_a_reason_must_be_given(taken):
    with pytest.raises(ValueError, match="reason"):
        squeeze(taken, why="  ")


def test_a_time_that_is_free_after_all_is_booked_as_usual():
    make.practice()
    slot, *_ = make.slots(make.doctor())

    assert not squeeze(slot).is_overbooked
    assert Slot.objects.get(pk=slot.pk).appointment is not None


def test_blocked_held_and_too_short_times_can_be_given(taken):
    doctor = taken.doctor
    last = Slot.objects.filter(doctor=doctor).order_by("-start")[0]
    long = make.service(minutes=60)
    doctor.services.add(long)
    Slot.objects.filter(pk=last.pk).update(blocked_by="desk")

    assert squeeze(last).is_overbooked
    assert squeeze(last, service=long).is_overbooked
    held = Slot.objects.filter(doctor=doctor).order_by("start")[0]
    holds.place(slot_id=held.pk, holder="browser")
    assert squeeze(held).is_overbooked


def test_what_the_doctor_does_not_do_stays_refused(taken):
    with pytest.raises(NotOfferedError):
        squeeze(taken, service=make.service())


def test_nobody_is_in_two_places_at_once_even_so(taken):
    person = Appointment.objects.get().patient
    with pytest.raises(PatientBusyError):
        squeeze(taken, patient=person)

    other = make.patient()
    squeeze(taken, patient=other)
    (elsewhere,) = make.slots(make.doctor(), start=taken.start, number=1)
    with pytest.raises(PatientBusyError):
        book(elsewhere, patient=other)


def test_moved_to_a_free_time_it_is_a_visit_like_any_other(taken):
    squeezed = squeeze(taken)
    free = Slot.objects.filter(doctor=taken.doctor).order_by("-start")[0]

    moved = appointments.reschedule(
        appointment_id=squeezed.pk, slot_id=free.pk, by=None, via=DESK, as_staff=True
    )

    assert not moved.is_overbooked
    assert [slot.pk for slot in moved.slots.all()] == [free.pk]
