"""Changed hours, time off and services in the admin, under booked patients."""

import re
from datetime import time, timedelta

import pytest

from bookings.actions import appointments, slots
from bookings.models import Appointment, Holiday, Slot, TimeOff, WorkingHours
from bookings.tests import make

LEAVE = "/admin/bookings/timeoff/add/"


@pytest.fixture
def doctor(clinic):
    """In from 09:00 to 11:00 on one day, in a week."""
    make.practice(horizon_days=14)
    made = make.doctor()
    day = make.next_week(made)
    make.hours(made, weekday=day.weekday(), opens=time(9), closes=time(11))
    slots.publish()
    return made


def at(doctor, clock):
    start = make.at(doctor, make.next_week(doctor), clock)
    return Slot.objects.get(doctor=doctor, start=start)


def book(slot):
    return appointments.book(
        slot_id=slot.pk,
        patient=make.new_patient(),
        by=None,
        via=Appointment.Via.DESK,
        as_staff=True,
    )


def morning_off(doctor, until="10:00"):
    day = make.next_week(doctor).isoformat()
    return {
        "doctor": str(doctor.pk),
        "start_0": day,
        "start_1": "08:00",
        "end_0": day,
        "end_1": until,
        "note": "Course",
    }


def questions(page):
    """What may be chosen for each visit, by the name of its field."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(decision:[^"]+)" value="([^"]+)"', page):
        found.setdefault(name, []).append(value)
    return found


def test_leave_that_hits_nobody_is_saved_and_published_at_once(doctor, reception):
    said = reception.post(LEAVE, morning_off(doctor), follow=True).content.decode()

    assert TimeOff.objects.count() == 1
    assert at(doctor, time(9)).is_out
    assert not at(doctor, time(10)).is_out
    assert "The calendar that patients see is up to date." in said


def test_leave_over_a_visit_asks_first_and_saves_nothing(doctor, reception):
    visit = book(at(doctor, time(9)))

    page = reception.post(LEAVE, morning_off(doctor)).content.decode()

    assert "One booked visit is hit" in page
    assert visit.patient.name in page
    assert "The doctor is away, or the clinic is closed." in page
    assert "was added successfully" not in page
    assert not TimeOff.objects.exists()
    (choices,) = questions(page).values()
    assert [each.partition("@")[0] for each in choices] == [
        "move",
        "unplace",
        "cancel",
        "keep",
    ]


def test_decided_it_is_done_with_the_leave_in_one_go(doctor, reception):
    visit = book(at(doctor, time(9)))
    first = reception.post(LEAVE, morning_off(doctor)).content.decode()
    ((name, choices),) = questions(first).items()

    done = reception.post(LEAVE, hidden(first) | {name: choices[0]}, follow=True)

    visit.refresh_from_db()
    assert TimeOff.objects.get().note == "Course"
    assert visit.start == at(doctor, time(10)).start
    assert visit.history.last().by == reception.user
    said = done.content.decode()
    assert "Booked visits: 1 moved." in said
    assert said.count("was added successfully") == 1


def test_a_time_that_went_meanwhile_is_asked_about_again(doctor, reception):
    visit = book(at(doctor, time(9)))
    first = reception.post(LEAVE, morning_off(doctor)).content.decode()
    ((name, choices),) = questions(first).items()
    book(at(doctor, time(10)))

    page = reception.post(LEAVE, hidden(first) | {name: choices[0]}).content.decode()

    assert "Something has changed since you decided" in page
    assert not TimeOff.objects.exists()
    assert questions(page)[name][0].startswith("move@")
    assert questions(page)[name][0] != choices[0]
    assert Appointment.objects.get(pk=visit.pk).version == 1


@pytest.mark.parametrize("rubbish", ["move@yesterday", "eat", "", "move@"])
def test_rubbish_decides_nothing(doctor, reception, rubbish):
    visit = book(at(doctor, time(9)))
    sent = morning_off(doctor) | {f"decision:{visit.pk}": rubbish, "decision:x": "keep"}
    answer = reception.post(LEAVE, sent)
    assert answer.status_code in {200, 302}
    assert Appointment.objects.get(pk=visit.pk).status == "booked"


def test_hours_taken_away_ask_too(doctor, reception):
    book(at(doctor, time(9)))
    hours = WorkingHours.objects.get()
    address = f"/admin/bookings/workinghours/{hours.pk}/delete/"

    page = reception.post(address, {"post": "yes"}).content.decode()
    assert WorkingHours.objects.exists()
    assert "outside the doctor" in page

    ((name, choices),) = questions(page).items()
    assert choices == ["unplace", "cancel", "keep"]  # no time is left to move to
    reception.post(address, hidden(page) | {name: "unplace"})
    assert not WorkingHours.objects.exists()
    assert Appointment.objects.get().is_unplaced


def test_a_form_with_an_error_is_shown_as_ever(doctor, reception):
    sent = morning_off(doctor) | {"end_1": "07:00"}
    page = reception.post(LEAVE, sent).content.decode()
    assert "The end must be after the start." in page
    assert "Course" in page


def test_a_longer_service_asks_and_another_name_does_not(doctor, owner):
    visit = book(at(doctor, time(9)))
    service = visit.service
    address = f"/admin/bookings/service/{service.pk}/change/"
    sent = {
        "name": "Renamed",
        "slug": service.slug,
        "mode": "in_person",
        "position": "0",
        "is_active": "on",
        "duration_minutes": "20",
        "buffer_before_minutes": "0",
        "buffer_after_minutes": "0",
    }
    assert owner.post(address, sent).status_code == 302
    page = owner.post(address, sent | {"duration_minutes": "40"}).content.decode()
    assert "has another length now" in page
    service.refresh_from_db()
    assert (service.name, service.duration_minutes) == ("Renamed", 20)


def test_two_people_with_one_form_open_see_what_the_other_did(doctor, reception, as_):
    holiday = Holiday.objects.create(day=make.next_week(doctor), name="Fair")
    time_off = TimeOff.objects.create(
        doctor=doctor,
        start=make.at(doctor, make.next_week(doctor), time(8)),
        end=make.at(doctor, make.next_week(doctor), time(9)),
        note="First",
    )
    del holiday
    address = f"/admin/bookings/timeoff/{time_off.pk}/change/"
    mine = hidden(reception.get(address).content.decode())
    theirs = hidden(as_("owner").get(address).content.decode())
    sent = morning_off(doctor, until="09:00")
    assert (
        as_("owner").post(address, theirs | sent | {"note": "Theirs"}).status_code
        == 302
    )

    answer = reception.post(address, mine | sent | {"note": "Mine"})

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Mine" in page
    assert "Theirs" in page
    assert TimeOff.objects.get().note == "Theirs"
    assert reception.post(address, hidden(page)).status_code == 302
    assert TimeOff.objects.get().note == "Mine"


def test_a_change_of_a_patient_s_other_fields_is_not_lost_either(reception, as_):
    person = make.patient(name="Elif Kaya", phone="+441632960118")
    address = f"/admin/bookings/patient/{person.pk}/change/"
    mine = hidden(reception.get(address).content.decode())
    type(person).objects.filter(pk=person.pk).update(phone="+441632960999")

    sent = {"name": "Elif Kaya-Smith", "email": person.email, "phone": person.phone}
    answer = reception.post(address, mine | sent)

    assert answer.status_code == 409
    assert "+441632960999" in answer.content.decode()
    person.refresh_from_db()
    assert person.name == "Elif Kaya"


def test_leave_may_begin_while_nobody_is_hit_in_the_week_after(doctor, reception):
    book(at(doctor, time(9)))
    sent = morning_off(doctor)
    after = (make.next_week(doctor) + timedelta(days=1)).isoformat()
    sent |= {"start_0": after, "end_0": after}
    assert reception.post(LEAVE, sent).status_code == 302


def hidden(page):
    """The hidden fields of a page's form, as a browser would send them."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def test_one_answer_may_do_for_all(doctor, reception):
    visits = [book(at(doctor, time(9))), book(at(doctor, time(9, 20)))]
    first = reception.post(LEAVE, morning_off(doctor)).content.decode()
    assert "2 booked visits are hit" in first
    chosen = {name: values[0] for name, values in questions(first).items()}

    reception.post(LEAVE, hidden(first) | chosen | {"decision-for-all": "cancel"})

    assert TimeOff.objects.exists()
    for visit in visits:
        visit.refresh_from_db()
        assert visit.status == "cancelled"
