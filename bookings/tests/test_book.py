"""Booking and cancelling, by one person at a time."""

from datetime import timedelta

import pytest

from bookings import locking
from bookings.actions import appointments, holds
from bookings.errors import (
    AlreadyCancelledError,
    HoldExpiredError,
    NoSlotError,
    NotOfferedError,
    PatientBusyError,
    SlotHeldError,
    SlotTakenError,
    TooLateError,
    VersionMismatchError,
)
from bookings.models import (
    Appointment,
    DoctorDay,
    OutboxMessage,
    Patient,
    Slot,
)
from bookings.tests import make

PAGE = Appointment.Via.PAGE


@pytest.fixture(autouse=True)
def _open_rules(clinic):
    make.practice()


def book(slot, *, patient=None, **wishes):
    person = patient or make.new_patient()
    return appointments.book(
        slot_id=slot.pk, patient=person, by=None, via=PAGE, **wishes
    )


def test_a_booking_takes_the_slot_and_writes_history_message_and_revision():
    doctor = make.doctor()
    slot, *_ = make.slots(doctor)

    appointment = book(slot, reason="Sore throat")

    slot.refresh_from_db()
    assert slot.appointment == appointment
    assert slot.version == 2
    assert [c.kind for c in appointment.history.all()] == ["booked"]
    assert OutboxMessage.objects.get().change.appointment == appointment
    assert DoctorDay.objects.get(doctor=doctor, day=slot.day).revision == 1
    assert appointment.wall_start.endswith("T09:00")
    assert appointment.original_slots == [slot.pk]


def test_a_guest_is_saved_with_the_booking_and_never_matched_by_email():
    make.patient(name="Elif Kaya", email="family@mail.example")
    slot, *_ = make.slots(make.doctor())

    appointment = book(
        slot, patient=make.new_patient(name="Deniz Kaya", email="family@mail.example")
    )

    assert appointment.patient.name == "Deniz Kaya"
    assert Patient.objects.filter(email="family@mail.example").count() == 2


def test_a_taken_slot_is_refused():
    slot, *_ = make.slots(make.doctor())
    book(slot)

    with pytest.raises(SlotTakenError):
        book(slot)
    assert Appointment.objects.count() == 1


def test_a_long_service_takes_consecutive_slots_and_refuses_a_broken_run():
    long = make.service(minutes=40)
    doctor = make.doctor(services=[long, make.service(minutes=20)])
    first, second, third, *_ = make.slots(doctor)

    appointment = book(first)

    assert {slot.pk for slot in appointment.slots.all()} == {first.pk, second.pk}
    with pytest.raises(SlotTakenError):
        book(second)
    assert book(third).start == third.start


def test_the_last_slot_is_too_short_for_a_long_service():
    doctor = make.doctor(services=[make.service(minutes=40)])
    *_, last = make.slots(doctor)

    with pytest.raises(NotOfferedError) as refused:
        book(last)
    assert refused.value.reason == "outside_hours"


def test_a_buffer_keeps_the_neighbour_free():
    doctor = make.doctor(services=[make.service(minutes=20, buffer_after_minutes=10)])
    first, second, third, *_ = make.slots(doctor)
    book(first)

    with pytest.raises(NotOfferedError) as refused:
        book(second)
    assert refused.value.reason == "buffer"
    assert book(third)


def test_the_same_person_cannot_be_with_two_doctors_at_once():
    one, *_ = make.slots(make.doctor())
    other, *_ = make.slots(make.doctor())
    person = make.patient()
    book(one, patient=person)

    with pytest.raises(PatientBusyError):
        book(other, patient=person)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"notice_minutes": 60 * 24 * 30}, "notice"),
        ({"horizon_days": 1}, "horizon"),
    ],
)
def test_the_clinic_s_rules_bind_patients_but_not_staff(rules, reason):
    make.practice(**rules)
    slot, *_ = make.slots(make.doctor())

    with pytest.raises(NotOfferedError) as refused:
        book(slot)
    assert refused.value.reason == reason
    assert book(slot, as_staff=True)


def test_a_person_may_have_only_so_many_open_appointments():
    make.practice(max_open_appointments=1)
    first, second, *_ = make.slots(make.doctor())
    person = make.patient()
    book(first, patient=person)

    with pytest.raises(NotOfferedError) as refused:
        book(second, patient=person)
    assert refused.value.reason == "cap"


def test_blocked_staff_only_and_past_times_are_refused_with_their_reason():
    doctor = make.doctor()
    blocked, staff_only, soon, *_ = make.slots(doctor)
    Slot.objects.filter(pk=blocked.pk).update(blocked_by="desk")
    Slot.objects.filter(pk=staff_only.pk).update(staff_only=True)

    for slot, now, reason in [
        (blocked, None, "blocked"),
        (staff_only, None, "staff_only"),
        (soon, soon.start + timedelta(seconds=1), "past"),
    ]:
        with pytest.raises(NotOfferedError) as refused:
            book(slot, now=now)
        assert refused.value.reason == reason


def test_a_service_the_doctor_does_not_offer_is_refused():
    slot, *_ = make.slots(make.doctor())

    with pytest.raises(NotOfferedError) as refused:
        book(slot, service=make.service())
    assert refused.value.reason == "service"


def test_an_unknown_slot_is_said_to_be_unknown():
    with pytest.raises(NoSlotError):
        appointments.book(
            slot_id=make.service().pk, patient=make.new_patient(), by=None, via=PAGE
        )


def test_cancel_frees_the_time_and_the_same_slot_books_again():
    slot, *_ = make.slots(make.doctor())
    first = book(slot)

    cancelled = appointments.cancel(appointment_id=first.pk, by=None, via=PAGE)

    assert cancelled.status == "cancelled"
    slot.refresh_from_db()
    assert slot.appointment is None
    assert slot.version == 3
    assert book(slot).pk != first.pk
    assert [c.kind for c in first.history.all()] == ["booked", "cancelled"]


def test_cancel_twice_too_late_or_with_an_old_version_is_refused():
    make.practice(cutoff_minutes=60)
    slot, other, *_ = make.slots(make.doctor())
    appointment = book(slot)

    def cancel(which=appointment, **wishes):
        return appointments.cancel(appointment_id=which.pk, by=None, via=PAGE, **wishes)

    with pytest.raises(VersionMismatchError):
        cancel(version=7)
    with pytest.raises(TooLateError):
        cancel(now=slot.start - timedelta(minutes=59))
    assert cancel(version=1, now=slot.start - timedelta(minutes=59), as_staff=True)
    with pytest.raises(AlreadyCancelledError):
        cancel()
    late = book(other)
    with pytest.raises(TooLateError):
        cancel(late, now=late.end, as_staff=True)


def test_a_hold_keeps_the_time_for_its_token_alone():
    slot, *_ = make.slots(make.doctor())
    placed = holds.place(slot_id=slot.pk, holder="browser")

    with pytest.raises(SlotHeldError) as refused:
        book(slot)
    assert refused.value.held_until == placed.hold.expires_at
    with pytest.raises(HoldExpiredError):
        book(slot, hold_token="guess")
    assert book(slot, hold_token=placed.token)


def test_sending_the_form_twice_shows_the_same_appointment():
    slot, *_ = make.slots(make.doctor())
    placed = holds.place(slot_id=slot.pk, holder="browser")

    first = book(slot, hold_token=placed.token)
    again = book(slot, hold_token=placed.token)

    assert first == again
    assert OutboxMessage.objects.count() == 1


def test_an_ended_hold_books_nothing_and_frees_the_time():
    slot, *_ = make.slots(make.doctor())
    placed = holds.place(slot_id=slot.pk, holder="browser")
    later = placed.hold.expires_at + timedelta(seconds=1)

    with pytest.raises(HoldExpiredError):
        book(slot, hold_token=placed.token, now=later)
    assert book(slot, now=later)


def test_the_version_only_grows_through_hold_lapse_expiry_and_booking():
    slot, *_ = make.slots(make.doctor())
    placed = holds.place(slot_id=slot.pk, holder="browser")
    later = placed.hold.expires_at + timedelta(seconds=1)
    slot.refresh_from_db()
    held = slot.version_at(locking.clock())
    lapsed = slot.version_at(later)

    assert holds.expire_due(now=later) == 1
    slot.refresh_from_db()
    made_durable = slot.version
    book(slot, now=later)
    slot.refresh_from_db()

    assert (held, lapsed, made_durable, slot.version) == (2, 3, 3, 4)


def test_a_browser_has_one_hold_and_the_former_time_is_free_again():
    first, second, *_ = make.slots(make.doctor())
    holds.place(slot_id=first.pk, holder="browser")

    holds.place(slot_id=second.pk, holder="browser")

    now = locking.clock()
    assert [s.status_at(now) for s in Slot.objects.order_by("start")[:2]] == [
        "free",
        "held",
    ]


def test_a_hold_is_renewed_twice_and_released_once_for_all():
    slot, *_ = make.slots(make.doctor())
    placed = holds.place(slot_id=slot.pk, holder="browser")

    assert holds.renew(placed.token).renewals == 1
    assert holds.renew(placed.token).renewals == 2
    with pytest.raises(HoldExpiredError):
        holds.renew(placed.token)
    holds.release(placed.token)
    holds.release(placed.token)
    assert book(slot)


def test_history_cannot_be_rewritten():
    slot, *_ = make.slots(make.doctor())
    line = book(slot).history.get()

    line.reason = "something else"
    with pytest.raises(TypeError):
        line.save()
