"""Publishing: repeatable, and never at the cost of somebody's appointment."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from bookings.actions import appointments, holds, slots
from bookings.models import Appointment, Holiday, Slot, TimeOff, WorkingHours
from bookings.tests import make

NOW = datetime(2026, 6, 1, 6, tzinfo=UTC)  # a Monday, 07:00 in London


@pytest.fixture
def doctor(clinic):
    make.practice(horizon_days=13)
    made = make.doctor()
    make.hours(made, weekday=0, opens=time(9), closes=time(10))
    return made


def publish():
    done = slots.publish(now=NOW)
    return done.made, done.withdrawn, done.given_back


def slots_of(day):
    return list(Slot.objects.filter(day=day).order_by("start"))


def book(slot):
    return appointments.book(
        slot_id=slot.pk,
        patient=make.new_patient(),
        by=None,
        via=Appointment.Via.PAGE,
        now=NOW,
    )


def test_publishing_twice_makes_nothing_new(doctor):
    assert publish() == (6, 0, 0)
    assert publish() == (0, 0, 0)
    assert Slot.objects.count() == 6


def test_a_past_time_of_today_is_not_published(doctor):
    slots.publish(now=NOW + timedelta(hours=2, minutes=30))
    assert Slot.objects.filter(day=NOW.date()).count() == 1


def test_removed_hours_withdraw_free_slots_and_leave_occupied_ones(doctor):
    publish()
    taken, held, *_ = Slot.objects.order_by("start")
    book(taken)
    holds.place(slot_id=held.pk, holder="browser", now=NOW)
    WorkingHours.objects.all().delete()

    assert publish() == (0, 4, 0)
    assert Slot.objects.count() == 6
    assert [slot.is_out for slot in slots_of(taken.day)[:3]] == [False, False, True]


def test_hours_that_come_back_give_back_what_publishing_withdrew_not_what_staff_did(
    doctor,
):
    publish()
    by_hand = Slot.objects.order_by("start")[0]
    slots.block([by_hand.pk], note="Meeting")
    hours = WorkingHours.objects.get()
    hours.delete()
    publish()

    make.hours(doctor, weekday=0, opens=time(9), closes=time(10))

    assert publish() == (0, 0, 5)
    by_hand.refresh_from_db()
    assert by_hand.blocked_by == "desk"


def test_time_off_withdraws_its_slots_and_versions_grow(doctor):
    publish()
    first = Slot.objects.order_by("start")[0]
    TimeOff.objects.create(
        doctor=None, start=first.start, end=first.end - timedelta(minutes=1)
    )

    assert publish() == (0, 1, 0)
    first.refresh_from_db()
    assert (first.blocked_by, first.version) == ("time_off", 2)


def test_a_new_slot_length_lays_no_slot_across_a_taken_one(doctor):
    publish()
    taken = Slot.objects.order_by("start")[1]  # 09:20
    book(taken)
    WorkingHours.objects.update(slot_minutes=30)

    publish()

    on_day = [slot for slot in slots_of(taken.day) if not slot.is_out]
    spans = [(slot.start, slot.end) for slot in on_day]
    assert taken.pk in {slot.pk for slot in on_day}
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_what_a_visit_leaves_behind_outside_the_hours_is_not_offered(doctor):
    publish()
    taken = Slot.objects.order_by("start")[1]
    made = book(taken)
    WorkingHours.objects.all().delete()
    publish()
    taken.refresh_from_db()
    assert taken.status_at(NOW) == Slot.Status.BOOKED

    appointments.cancel(
        appointment_id=made.pk,
        by=None,
        via=Appointment.Via.DESK,
        as_staff=True,
        now=NOW,
    )

    taken.refresh_from_db()
    assert taken.status_at(NOW) == Slot.Status.BLOCKED


def test_two_lengths_in_turn_come_back_to_the_first(doctor):
    publish()
    WorkingHours.objects.update(slot_minutes=30)
    publish()
    WorkingHours.objects.update(slot_minutes=20)
    publish()

    open_ = Slot.objects.filter(blocked_by="").order_by("start")
    assert [f"{slot.start:%d %H:%M}" for slot in open_] == [
        "01 08:00",
        "01 08:20",
        "01 08:40",
        "08 08:00",
        "08 08:20",
        "08 08:40",
    ]


def test_a_doctor_in_new_york_keeps_new_york_hours(doctor):
    elsewhere = make.doctor(timezone="America/New_York")
    make.hours(elsewhere, weekday=0, opens=time(9), closes=time(10))

    publish()

    first = Slot.objects.filter(doctor=elsewhere).order_by("start")[0]
    assert first.start == datetime(2026, 6, 1, 13, tzinfo=UTC)


def test_changing_the_zone_never_moves_a_booked_instant(doctor):
    publish()
    slot = Slot.objects.order_by("start")[0]
    booked = book(slot)
    doctor.timezone = "Europe/Berlin"
    doctor.save()

    publish()

    booked.refresh_from_db()
    assert booked.start == slot.start
    assert booked.local_start.strftime("%H:%M %Z") == "09:00 BST"


def test_a_session_that_began_before_midnight_stays_after_it(doctor):
    make.hours(doctor, weekday=0, opens=time(22), closes=time(2))
    publish()

    slots.publish(now=datetime(2026, 6, 1, 23, 5, tzinfo=UTC))  # Tuesday, 00:05

    early = slots_of(NOW.date() + timedelta(days=1))
    assert len(early) == 6
    assert not any(slot.is_out for slot in early)


def test_a_holiday_closes_the_clinic_unless_staff_open_the_day(doctor):
    make.practice(horizon_days=13, holiday_country="GB", holiday_region="ENG")
    publish()
    make.hours(doctor, weekday=4, opens=time(9), closes=time(10))
    christmas = datetime(2026, 12, 20, 6, tzinfo=UTC)

    slots.publish(now=christmas)
    free = [slot.day for slot in Slot.objects.filter(day__gte=christmas.date())]
    assert date(2026, 12, 25) not in free
    assert Holiday.objects.get(day=date(2026, 12, 25)).name == "Christmas Day"

    Holiday.objects.filter(day=date(2026, 12, 25)).update(is_open=True)
    slots.publish(now=christmas)
    assert len(slots_of(date(2026, 12, 25))) == 3
    slots.publish(now=christmas)
    assert Holiday.objects.get(day=date(2026, 12, 25)).is_open


def test_another_country_s_holidays_take_the_place_of_the_former_s(doctor):
    christmas = datetime(2026, 12, 20, 6, tzinfo=UTC)
    Holiday.objects.create(day=date(2026, 12, 22), name="Works outing")
    make.practice(horizon_days=13, holiday_country="GB", holiday_region="ENG")
    slots.publish(now=christmas)
    assert Holiday.objects.filter(day=date(2026, 12, 28)).exists()  # in lieu of 26th

    make.practice(horizon_days=13, holiday_country="US", holiday_region="")
    slots.publish(now=christmas)

    days = [f"{day:%m-%d}" for day in Holiday.objects.values_list("day", flat=True)]
    assert days == ["12-22", "12-25", "01-01"]


def test_a_region_that_the_library_does_not_know_stops_nothing(doctor):
    make.practice(horizon_days=13, holiday_country="US", holiday_region="ENG")
    assert publish() == (6, 0, 0)
    assert not Holiday.objects.exists()
