"""Slots, working hours and time off in the staff's admin."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bookings.actions import appointments, holds
from bookings.models import Appointment, Slot, TimeOff, WorkingHours
from bookings.tests import make

SLOTS = "/admin/bookings/slot/"


@pytest.fixture
def doctor(clinic):
    make.practice(horizon_days=13)
    return make.doctor()


def tick(slots, action, **more):
    return {"action": action, "_selected_action": [s.pk for s in slots], **more}


def test_publishing_tells_how_many_slots_it_made(doctor, reception):
    for weekday in range(7):
        make.hours(doctor, weekday=weekday, opens=time(9), closes=time(10))
    page = reception.get("/admin/publish/").content.decode()
    assert str(doctor) in page
    said = reception.post("/admin/publish/", follow=True).content.decode()
    made = Slot.objects.count()
    assert made in (39, 40, 41, 42)  # those of today that are over are left out
    assert f"Slots: {made} made, 0 withdrawn, 0 given back." in said


def test_publishing_for_one_doctor_leaves_the_others(doctor, reception):
    other = make.doctor()
    for each in (doctor, other):
        make.hours(each, weekday=2)
    reception.post("/admin/publish/", {"doctors": [doctor.pk]})
    assert set(Slot.objects.values_list("doctor", flat=True)) == {doctor.pk}
    reception.post("/admin/bookings/doctor/", tick([other], "publish"))
    assert Slot.objects.filter(doctor=other).exists()


def test_publishing_is_offered_where_hours_are_edited(doctor, reception):
    for name in ("slot", "doctor", "workinghours", "timeoff"):
        page = f"/admin/bookings/{name}/"
        assert f"{page}publish/" in reception.get(page).content.decode()
        assert reception.get(f"{page}publish/")["Location"] == "/admin/publish/"


def test_looking_at_the_page_publishes_nothing(doctor, reception):
    make.hours(doctor)
    reception.get("/admin/publish/", {"doctors": doctor.pk})
    assert not Slot.objects.exists()


@pytest.mark.parametrize("role", ["doctor", "patient"])
def test_others_publish_nothing(doctor, as_, role):
    make.hours(doctor)
    browser = as_(role)
    browser.post("/admin/publish/")
    browser.post("/admin/bookings/doctor/", tick([doctor], "publish"))
    assert not Slot.objects.exists()


def test_blocking_asks_for_a_note_and_leaves_taken_times(doctor, reception):
    taken, free = make.slots(doctor, number=2)
    appointments.book(
        slot_id=taken.pk, patient=make.new_patient(), by=None, via=Appointment.Via.PAGE
    )
    question = reception.post(SLOTS, tick([taken, free], "block", index=0))
    assert "Note for staff" in question.content.decode()
    assert not Slot.objects.exclude(blocked_by="").exists()

    answer = tick([taken, free], "block", post="yes", note="Fire drill")
    said = reception.post(SLOTS, answer, follow=True).content.decode()
    assert "1 of 2 slots were changed." in said
    assert Slot.objects.get(blocked_by="desk").block_note == "Fire drill"
    assert "Fire drill" in said

    reception.post(SLOTS, tick([free], "unblock"))
    assert not Slot.objects.exclude(blocked_by="").exists()


@pytest.mark.parametrize("status", ["free", "held", "booked", "blocked"])
def test_slots_are_found_by_their_status(doctor, reception, status):
    _free, held, booked, blocked = make.slots(doctor, number=4)
    holds.place(slot_id=held.pk, holder="browser")
    Slot.objects.filter(pk=blocked.pk).update(blocked_by="desk")
    appointments.book(
        slot_id=booked.pk, patient=make.new_patient(), by=None, via=Appointment.Via.PAGE
    )
    page = reception.get(SLOTS, {"status": status})
    assert page.context["cl"].result_count == 1
    shown = page.context["cl"].result_list[0]
    assert shown.status_at(datetime.now(UTC)) == status


@pytest.mark.parametrize(
    ("when", "number"), [("today", 1), ("tomorrow", 1), ("week", 2), ("", 3)]
)
def test_days_are_those_of_the_clinics_clock(doctor, reception, when, number):
    today = datetime.now(doctor.zone).date()
    for days in (0, 1, 8):
        midnight = make.at(doctor, today + timedelta(days=days), time(0, 0))
        make.slots(doctor, start=midnight, number=1)
    page = reception.get(SLOTS, {"when": when} if when else {})
    assert page.context["cl"].result_count == number


def test_slots_are_in_no_form(doctor, owner):
    slot = make.slots(doctor, number=1)[0]
    assert owner.get(f"{SLOTS}add/").status_code == 403
    data = {"blocked_by": "desk", "version": 7, "staff_only": "on", "_save": "1"}
    assert owner.post(f"{SLOTS}{slot.pk}/change/", data).status_code == 403
    assert owner.post(f"{SLOTS}{slot.pk}/delete/", {"post": "yes"}).status_code == 403
    slot.refresh_from_db()
    assert (slot.blocked_by, slot.version, slot.staff_only) == ("", 1, False)


def test_a_free_slot_leads_to_booking_it(doctor, reception):
    slot = make.slots(doctor, number=1)[0]
    to = reception.get(f"{SLOTS}{slot.pk}/book/")["Location"]
    assert to.startswith("/admin/book/?doctor=")
    page = reception.get(to).content.decode()
    assert f'value="{slot.pk}" checked' in " ".join(page.split()) or "checked" in page


def time_off(**fields):
    next_june = datetime.now(UTC).year + 1
    data = {
        "doctor": "",
        "start_0": f"{next_june}-06-10",
        "start_1": "09:00",
        "end_0": f"{next_june}-06-10",
        "end_1": "12:00",
        "note": "",
    }
    return data | fields


def test_time_off_is_typed_on_the_clinics_clock(doctor, reception):
    page = reception.get("/admin/bookings/timeoff/add/").content.decode()
    assert "s clock (London)." in page
    reception.post("/admin/bookings/timeoff/add/", time_off())
    stored = TimeOff.objects.get()
    assert stored.start.astimezone(UTC).hour == 8  # summer time
    shown = reception.get("/admin/bookings/timeoff/").content.decode()
    assert "09:00 BST (London)" in shown


@pytest.mark.parametrize(
    "typed",
    [
        {"start_0": "0001-01-01"},
        {"end_0": "9999-12-31", "end_1": "23:59:59"},
        {"start_0": "2027-03-28", "start_1": "01:30"},  # the clock skips it
        {"start_1": "25:61"},
        {"end_1": "08:00"},
        {"note": "a\x00b"},
        {"note": "x" * 200},
        {"doctor": "nobody"},
        {"start_0": ""},
    ],
)
def test_impossible_time_off_is_refused_in_words(doctor, reception, typed):
    response = reception.post("/admin/bookings/timeoff/add/", time_off(**typed))
    assert response.status_code == 200
    assert "correct the error" in response.content.decode()
    assert not TimeOff.objects.exists()


def test_saved_hours_are_published_at_once(doctor, reception):
    data = {
        "doctor": doctor.pk,
        "location": doctor.location.pk,
        "weekday": 1,
        "opens": "09:00",
        "closes": "12:00",
        "slot_minutes": 20,
    }
    page = reception.post("/admin/bookings/workinghours/add/", data, follow=True)
    assert "The calendar that patients see is up to date." in page.content.decode()
    assert Slot.objects.filter(doctor=doctor).count() >= 9
    assert "09:00–12:00 (London)" in page.content.decode()
    assert WorkingHours.objects.count() == 1
