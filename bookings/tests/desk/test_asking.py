"""“Why is this not free?” in the staff's admin."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.actions import appointments, slots
from bookings.models import Appointment, Holiday, TimeOff
from bookings.tests import make

PAGE = "/admin/why/"


@pytest.fixture
def slot(clinic):
    make.practice()
    return make.slots(make.doctor(), number=2)[0]


def asked(slot, **more):
    local = slot.start.astimezone(slot.doctor.zone)
    fields = {
        "doctor": slot.doctor_id,
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "service": "",
    }
    return fields | more


def test_the_button_of_a_slot_asks_about_it(slot, reception):
    form = f"/admin/bookings/slot/{slot.pk}/"
    assert f"{slot.pk}/why/" in reception.get(f"{form}change/").content.decode()
    response = reception.get(f"{form}why/", follow=True)
    page = response.content.decode()
    assert "09:00 GMT (London)" in page or "09:00 BST (London)" in page
    assert "Nothing stands in the way" in page


def test_every_rule_is_named_and_linked_by_whom_it_binds(slot, reception):
    make.practice(notice_minutes=30 * 24 * 60)
    visit = appointments.book(
        slot_id=slot.pk,
        patient=make.new_patient(),
        by=None,
        via=Appointment.Via.DESK,
        as_staff=True,
    )
    page = reception.get(PAGE, asked(slot)).content.decode()
    everybody, patients = page.split("Patients cannot book it online; staff can")
    assert "It cannot be booked" in everybody
    assert 'data-code="taken"' in everybody
    assert visit.reference in everybody
    assert f'href="/admin/bookings/appointment/{visit.pk}/change/"' in everybody
    assert 'data-code="notice"' in patients
    assert 'data-code="notice"' not in everybody
    assert 'data-code="taken"' not in patients
    assert "Shortest notice is 720 hours." in patients
    assert 'href="/admin/bookings/practice/1/change/"' in patients


def test_what_closes_the_doctor_can_be_opened_from_there(slot, reception):
    hours = make.hours(slot.doctor, weekday=slot.start.weekday(), closes=time(12))
    day = slot.start.astimezone(slot.doctor.zone).date()
    noon = make.at(slot.doctor, day, time(11))
    off = TimeOff.objects.create(start=noon, end=noon + timedelta(hours=1))
    holiday = Holiday.objects.create(day=day, name="Founders’ day")
    slots.publish()
    page = reception.get(PAGE, asked(slot, time="11:00")).content.decode()
    assert f'href="/admin/bookings/timeoff/{off.pk}/change/"' in page
    assert f'href="/admin/bookings/holiday/{holiday.pk}/change/"' in page
    assert "Time off of the whole clinic" in page

    hours.delete()
    page = reception.get(PAGE, asked(slot, time="18:00")).content.decode()
    assert "There are no working hours on this day." in page
    assert f'href="/admin/bookings/doctor/{slot.doctor_id}/change/"' in page


def test_a_time_that_the_clock_skips_or_shows_twice_is_said(slot, reception):
    spring = {"date": "2027-03-28", "time": "01:30"}
    page = reception.get(PAGE, asked(slot, **spring)).content.decode()
    assert "The clock skips this time on that day." in page
    autumn = {"date": "2027-10-31", "time": "01:30"}
    page = reception.get(PAGE, asked(slot, **autumn)).content.decode()
    assert "01:30 BST (London)" in page
    assert "01:30 GMT (London)" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"doctor": "x"},
        {"date": "0001-01-01"},
        {"date": "9999-12-31"},
        {"time": "25:00"},
        {"time": "nonsense"},
        {"service": "x"},
        {"service": "00000000-0000-0000-0000-000000000000"},
    ],
)
def test_nonsense_is_no_error(slot, reception, fields):
    response = reception.get(PAGE, asked(slot, **fields))
    assert response.status_code == 200
    assert "data-code" not in response.content.decode()


@pytest.mark.parametrize("role", ["owner", "reception", "doctor"])
def test_it_is_for_the_desk(slot, as_, role):
    browser = as_(role)
    wanted = 403 if role == "doctor" else 200
    assert browser.get(PAGE, asked(slot)).status_code == wanted
    shown = "Why is this not free?" in browser.get("/admin/").content.decode()
    assert shown == (role != "doctor")


def test_asking_writes_nothing(slot, reception):
    reception.get(PAGE)  # the session's own writes are done
    with CaptureQueriesContext(connection) as seen:
        reception.get(PAGE, asked(slot))
    written = [each["sql"] for each in seen if "bookings_" in each["sql"]]
    assert written
    assert not [sql for sql in written if not sql.startswith("SELECT")]
