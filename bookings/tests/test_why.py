"""“Why is this not free?” names the rules that booking refuses by, all of them."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.actions import appointments, holds, slots, why
from bookings.actions.why import Binds
from bookings.models import Appointment, Holiday, Slot, TimeOff
from bookings.tests import make, test_offers
from bookings.tests.test_offers import DAY_START, NOW, undone

DESK = Appointment.Via.DESK
pytestmark = pytest.mark.usefixtures("clinic")


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(set_up=test_offers.set_ups, minute=st.integers(0, 400))
def test_the_first_that_binds_is_what_booking_says(
    set_up: dict[str, Any], minute: int
) -> None:
    with undone():
        doctor, kinds = test_offers._build(set_up)
        service = kinds[set_up["asked"] % len(kinds)]
        as_staff = set_up["as_staff"]
        for view in test_offers._asked(doctor, service, as_staff=as_staff):
            outcome = test_offers._try(view, service, as_staff=as_staff)
            found = why.explain(doctor, view.slot.start, service, now=NOW)
            mine = [each.code for each in found if binds(each, as_staff)]
            assert (mine or ["booked"])[0] == outcome, (view, found)
        moment = DAY_START + timedelta(minutes=minute)
        if not Slot.objects.filter(start=moment).exists():
            assert why.explain(doctor, moment, service, now=NOW)


def binds(finding, as_staff):
    """Whether it stops somebody who is new to the clinic, or staff."""
    whom = {Binds.EVERYBODY} if as_staff else {Binds.EVERYBODY, Binds.PATIENTS}
    return finding.binds in whom


@pytest.fixture
def slot():
    make.practice()
    return make.slots(make.doctor())[1]


def explain(slot, service=None, now=None, **asked):
    return why.explain(
        slot.doctor,
        slot.start,
        service or slot.doctor.default_service,
        now=now or datetime.now(UTC),
        **asked,
    )


def book(slot, patient=None, **wishes):
    return appointments.book(
        slot_id=slot.pk,
        patient=patient or make.new_patient(),
        by=None,
        via=DESK,
        as_staff=True,
        **wishes,
    )


def codes(found):
    return [each.code for each in found]


def test_of_a_free_time_there_is_nothing_to_say(slot):
    assert explain(slot) == []


def test_all_that_refuses_it_is_named_each_with_its_row(slot):
    practice = make.practice(notice_minutes=30 * 24 * 60, horizon_days=1)
    visit = book(slot)
    Slot.objects.filter(pk=slot.pk).update(
        blocked_by="desk", block_note="Painting", staff_only=True
    )

    found = explain(slot)

    assert [(each.code, each.about, each.binds) for each in found] == [
        ("notice", practice, Binds.PATIENTS),
        ("horizon", practice, Binds.PATIENTS),
        ("taken", visit, Binds.EVERYBODY),
        ("blocked", slot, Binds.EVERYBODY),
        ("staff_only", slot, Binds.PATIENTS),
    ]
    assert found[0].detail == "Shortest notice is 720 hours."
    assert visit.reference in found[2].detail
    assert "Painting" in found[3].detail


def test_the_notice_of_the_service_is_the_services(slot):
    own = make.service(notice_minutes=30 * 24 * 60 + 1)
    slot.doctor.services.add(own)
    (found,) = explain(slot, own)
    assert (found.code, found.about) == ("notice", own)
    assert found.detail == "Shortest notice is 43201 minutes."


def test_a_hold_says_until_when(slot):
    held = holds.place(slot_id=slot.pk, holder="browser").hold
    (found,) = explain(slot)
    until = held.expires_at.astimezone(slot.doctor.zone)
    assert found.code == "held"
    assert f"Held until {until:%H:%M}" in found.detail


def test_a_hold_that_has_run_out_is_none(slot):
    held = holds.place(slot_id=slot.pk, holder="browser").hold
    assert explain(slot, now=held.expires_at) == []
    soon = datetime.now(UTC) + timedelta(minutes=2)
    (near,) = make.slots(slot.doctor, start=soon, number=1)
    held = holds.place(slot_id=near.pk, holder="other").hold
    assert held.expires_at > near.start
    assert codes(explain(near, now=held.expires_at)) == ["past"]


def test_the_visit_whose_room_is_too_near_is_named(slot):
    roomy = make.service(buffer_before_minutes=10)
    slot.doctor.services.add(roomy)
    before = Slot.objects.filter(doctor=slot.doctor).order_by("start")[0]
    visit = book(before)
    (found,) = explain(slot, roomy)
    assert (found.code, found.about) == ("buffer", visit)


def test_a_visit_too_long_says_where_the_times_end(slot):
    long = make.service(minutes=120)
    slot.doctor.services.add(long)
    (found,) = explain(slot, long)
    assert found.code == "outside_hours"
    assert "until 11:20; the times end at 11:00" in found.detail


def test_a_long_visit_that_has_several_slots_is_named_once(slot):
    long = make.service(minutes=40)
    slot.doctor.services.add(long)
    book(slot, service=long)
    assert codes(explain(slot, long)) == ["taken"]


def test_a_service_that_is_not_offered_is_said_with_who_does_not(slot):
    (found,) = explain(slot, make.service())
    assert (found.code, found.about) == ("service", slot.doctor)
    off = slot.doctor.default_service
    off.is_active = False
    off.save()
    (found,) = explain(slot, off)
    assert (found.code, found.about) == ("service", off)


def test_a_visit_going_on_can_still_be_entered_by_staff(slot):
    (found,) = explain(slot, now=slot.start + timedelta(minutes=5))
    assert (found.code, found.binds) == ("past", Binds.PATIENTS)
    (found,) = explain(slot, now=slot.end)
    assert (found.code, found.binds) == ("past", Binds.EVERYBODY)


def test_the_patients_own_cap_and_other_visits_count(slot):
    make.practice(max_open_appointments=1)
    person = make.patient()
    (elsewhere,) = make.slots(make.doctor(), start=slot.start, number=1)
    book(elsewhere, patient=person)
    assert explain(slot) == []
    found = explain(slot, patient=person)
    assert codes(found) == ["cap", "patient_busy"]
    assert [each.binds for each in found] == [Binds.PATIENTS, Binds.EVERYBODY]


def test_times_for_new_patients_stop_only_those_who_were_here(slot):
    Slot.objects.filter(pk=slot.pk).update(new_patients_only=True)
    (found,) = explain(slot)
    assert (found.code, found.binds) == ("new_patients", Binds.KNOWN_PATIENTS)
    assert explain(slot, patient=make.new_patient()) == []
    known = make.patient()
    now = datetime.now(UTC)
    start = now - timedelta(hours=1)
    (past,) = make.slots(slot.doctor, start=start, number=1)
    book(past, patient=known, now=start)
    (found,) = explain(slot, patient=known)
    assert found.binds is Binds.PATIENTS


# --- Where no time is published ---------------------------------------------------------


@pytest.fixture
def doctor():
    make.practice(horizon_days=14)
    made = make.doctor()
    for weekday in range(7):
        make.hours(made, weekday=weekday, opens=time(9), closes=time(12))
    slots.publish()
    return made


def at(doctor, wall, days=7):
    day = make.next_week(doctor) + timedelta(days=days - 7)
    return make.at(doctor, day, wall)


def explain_at(doctor, moment):
    now = datetime.now(UTC)
    return why.explain(doctor, moment, doctor.default_service, now=now)


def test_outside_of_hours_the_hours_are_said(doctor):
    found = explain_at(doctor, at(doctor, time(14)))
    assert codes(found) == ["outside_hours"]
    assert "09:00–12:00" in found[0].detail
    assert found[0].about == doctor


def test_beside_the_starts_the_nearest_are_said(doctor):
    found = explain_at(doctor, at(doctor, time(10, 7)))
    assert codes(found) == ["not_published"]
    assert "10:00" in found[0].detail
    assert "10:20" in found[0].detail


def test_beyond_what_is_published_the_last_time_is_said(doctor):
    found = explain_at(doctor, at(doctor, time(10), days=30))
    assert codes(found) == ["not_published", "horizon"]
    assert "The last published time is" in found[0].detail
    assert "14 days ahead" in found[1].detail


def test_what_the_hours_have_and_nobody_published_asks_to_publish(doctor):
    moment = at(doctor, time(10))
    Slot.objects.filter(start=moment).delete()
    (found,) = explain_at(doctor, moment)
    assert "publish" in found.detail


@pytest.mark.parametrize("is_published_before", [True, False])
def test_time_off_and_holidays_are_named(doctor, is_published_before):
    moment = at(doctor, time(10))
    off = TimeOff.objects.create(
        doctor=doctor,
        start=moment - timedelta(hours=2),
        end=moment + timedelta(hours=1),
        note="Congress",
    )
    if is_published_before:
        slots.publish()
    else:
        Slot.objects.filter(start=moment).delete()
    (found,) = explain_at(doctor, moment)
    assert (found.code, found.about) == ("time_off", off)
    assert "Congress" in found.detail

    off.delete()
    day = moment.astimezone(doctor.zone).date()
    holiday = Holiday.objects.create(day=day, name="Founders’ day")
    if is_published_before:
        slots.publish()
    (found,) = explain_at(doctor, moment)
    assert (found.code, found.about) == ("time_off", holiday)
    assert "Founders’ day" in found.detail


def test_empty_times_beside_a_visit_say_so_too(doctor):
    visit = book(Slot.objects.get(start=at(doctor, time(10))))
    found = explain_at(doctor, at(doctor, time(10, 7)))
    assert [(each.code, each.about) for each in found][1:] == [("buffer", visit)]
