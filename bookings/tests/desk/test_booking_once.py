"""The booking page sent twice books once; it books series, and on top of others."""

import re
import threading
from datetime import time, timedelta

import pytest
from django.db import connection
from django.test import Client

from bookings.actions import appointments
from bookings.models import Appointment, Patient, Slot
from bookings.tests import make
from tenants.context import clinic_context

PAGE = "/admin/book/"
WEEKS = 4


@pytest.fixture
def doctor(clinic):
    make.practice()
    return make.doctor()


@pytest.fixture
def weekly(doctor):
    """09:00 and 09:20, in each of four weeks."""
    day = make.next_week(doctor)
    return [
        make.slots(
            doctor,
            start=make.at(doctor, day + timedelta(weeks=n), time(9)),
            number=2,
        )
        for n in range(WEEKS)
    ]


def address(doctor, **more):
    day = make.next_week(doctor).isoformat()
    visit = {"doctor": doctor.pk, "service": doctor.default_service.pk, "day": day}
    return f"{PAGE}?" + "&".join(
        f"{key}={value}" for key, value in (visit | more).items()
    )


def opened(browser, doctor, **more):
    """What a browser has in the form's hidden field."""
    page = browser.get(address(doctor, **more)).content.decode()
    (nonce,) = re.findall(r'name="nonce" value="(\w+)"', page)
    return nonce


def typed(slot, nonce, **fields):
    new = {"who": "new", "name": "Hana Novák", "phone": "+44 1632 960118"}
    return {"slot": slot.pk, "nonce": nonce, **new, **fields}


def take(slot):
    return appointments.book(
        slot_id=slot.pk,
        patient=make.new_patient(),
        by=None,
        via=Appointment.Via.DESK,
        as_staff=True,
    )


# --- Once ------------------------------------------------------------------------------


def test_the_same_form_sent_again_shows_the_same_booking(doctor, weekly, reception):
    data = typed(weekly[0][0], opened(reception, doctor))
    first = reception.post(address(doctor), data)
    again = reception.post(address(doctor), data)
    assert Appointment.objects.count() == Patient.objects.count() == 1
    assert again.status_code == 302
    assert again["Location"] == first["Location"]


def test_the_page_opened_anew_books_anew(doctor, weekly, reception):
    for slot in weekly[0]:
        data = typed(slot, opened(reception, doctor))
        reception.post(address(doctor), data)
    assert Appointment.objects.count() == 2


def test_a_step_back_with_other_details_is_asked_about_first(doctor, weekly, reception):
    nonce = opened(reception, doctor)
    reception.post(address(doctor), typed(weekly[0][0], nonce))
    other = typed(weekly[0][1], nonce, name="Somebody Else")
    page = reception.post(address(doctor), other).content.decode()
    assert "was sent before with other details" in page
    assert "Somebody Else" in page
    assert Appointment.objects.count() == 1

    (fresh,) = re.findall(r'name="nonce" value="(\w+)"', page)
    reception.post(address(doctor), other | {"nonce": fresh})
    assert Appointment.objects.count() == 2


def test_a_refused_form_can_be_sent_again_with_another_time(doctor, weekly, reception):
    data = typed(weekly[0][0], opened(reception, doctor))
    take(weekly[0][0])
    assert reception.post(address(doctor), data).status_code == 200
    again = reception.post(address(doctor), data | {"slot": weekly[0][1].pk})
    assert again.status_code == 302


def test_a_key_of_one_is_not_a_key_of_another(doctor, weekly, reception, owner):
    nonce = opened(reception, doctor)
    reception.post(address(doctor), typed(weekly[0][0], nonce))
    owner.post(address(doctor), typed(weekly[0][1], nonce))
    assert Appointment.objects.count() == 2


def test_a_double_click_makes_one_booking_and_both_show_it(committed):
    with clinic_context(committed):
        make.practice()
        doctor = make.doctor()
        (slot,) = make.slots(doctor, number=1)
        user = make.user(role="reception", password=None)
        data = typed(slot, "a" * 32)
        found = []

    def click():
        with clinic_context(committed):
            browser = Client(headers={"host": f"{committed.slug}.localhost"})
            browser.force_login(user)
            response = browser.post(address(doctor), data)
            found.append((response.status_code, response.get("Location")))
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    with clinic_context(committed):
        assert Appointment.objects.count() == 1
        (made,) = Appointment.objects.all()
    shown = f"/admin/bookings/appointment/{made.pk}/change/"
    assert found == [(302, shown)] * 4


# --- Series ----------------------------------------------------------------------------


def test_a_series_is_booked_and_listed(doctor, weekly, reception):
    data = typed(weekly[0][0], opened(reception, doctor), times=2, every_weeks=2)
    page = reception.post(address(doctor), data).content.decode()
    made = list(Appointment.objects.order_by("start"))
    assert [each.start for each in made] == [weekly[0][0].start, weekly[2][0].start]
    assert all(each.reference in page for each in made)

    again = reception.post(address(doctor), data).content.decode()
    assert all(each.reference in again for each in made)
    assert Appointment.objects.count() == 2


def test_what_stands_in_the_way_of_a_series_is_said_week_by_week(
    doctor, weekly, reception
):
    take(weekly[1][0])
    Slot.objects.filter(pk=weekly[2][0].pk).update(blocked_by="desk")
    data = typed(weekly[0][0], opened(reception, doctor), times=4, reason="Knee")
    page = reception.post(address(doctor), data).content.decode()
    assert "Not all of these visits can be booked." in page
    assert page.count("09:00") >= 3  # the choice, and two that are refused
    assert "Someone else has just taken this time." in page
    assert "The clinic has taken this time out of the calendar." in page
    assert 'value="Knee"' in page
    assert "Book the 2 that can be had" in page
    assert Appointment.objects.count() == 1

    part = reception.post(address(doctor), data | {"at_least": ["", "2"]})
    text = part.content.decode()
    assert Appointment.objects.count() == 3
    assert "Not booked" in text
    assert "Someone else has just taken this time." in text


def test_weeks_that_are_not_published_yet_are_said_so(doctor, weekly, reception):
    data = typed(weekly[3][0], opened(reception, doctor), times=2)
    day = make.next_week(doctor) + timedelta(weeks=3)
    page = reception.post(address(doctor, day=day), data).content.decode()
    assert "No time is published then." in page
    assert "Book the one that can be had" in page
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"times": 53},
        {"times": 0},
        {"times": "many"},
        {"times": 2, "every_weeks": 0},
        {"times": 2, "at_least": 3},
        {"times": 2, "at_least": 0},
    ],
)
def test_numbers_that_make_no_sense_book_nothing(doctor, weekly, reception, fields):
    data = typed(weekly[0][0], opened(reception, doctor), **fields)
    assert reception.post(address(doctor), data).status_code == 200
    assert not Appointment.objects.exists()


# --- Overbooking -----------------------------------------------------------------------


def test_a_time_that_is_taken_can_be_given_with_a_reason(doctor, weekly, reception):
    slot = weekly[0][0]
    data = typed(slot, opened(reception, doctor))
    take(slot)
    page = reception.post(address(doctor), data).content.decode()
    assert "not free any more" in page
    assert "Someone else has this time." in page
    assert 'name="why"' in page
    assert "Hana Novák" in page

    said = reception.post(address(doctor), data | {"why": "In pain"}, follow=True)
    made = Appointment.objects.get(is_overbooked=True)
    assert made.start == slot.start
    assert made.history.get().reason == "In pain"
    assert "In pain" in said.content.decode()


def test_times_that_are_not_free_show_only_when_asked_for(doctor, weekly, reception):
    take(weekly[0][0])
    slot = str(weekly[0][0].pk)
    page = reception.get(address(doctor)).content.decode()
    assert slot not in page
    assert 'name="why"' not in page
    page = reception.get(address(doctor, every="on")).content.decode()
    assert slot in page
    assert "Someone else has this time." in page


def test_a_day_without_free_times_can_be_overbooked(doctor, weekly, reception):
    for slot in weekly[0]:
        take(slot)
    page = reception.get(address(doctor)).content.decode()
    assert "every=on" in page
    data = typed(weekly[0][0], opened(reception, doctor, every="on"), why="In pain")
    reception.post(address(doctor, every="on"), data)
    assert Appointment.objects.filter(is_overbooked=True).count() == 1


def test_a_reason_given_for_a_time_that_is_free_after_all_overbooks_nothing(
    doctor, weekly, reception
):
    data = typed(weekly[0][0], opened(reception, doctor), why="In pain")
    reception.post(address(doctor), data)
    assert not Appointment.objects.get().is_overbooked


def test_a_series_is_not_put_on_top_of_others(doctor, weekly, reception):
    take(weekly[0][0])
    data = typed(weekly[0][0], opened(reception, doctor), why="In pain", times=2)
    page = reception.post(address(doctor), data).content.decode()
    assert "Only one visit at a time can be overbooked." in page
    assert Appointment.objects.count() == 1


def test_who_may_not_overbook_is_not_offered_it(doctor, weekly, reception, monkeypatch):
    monkeypatch.setattr("accounts.roles.may_overbook", lambda _user: False)
    nonce = opened(reception, doctor, every="on")
    take(weekly[0][0])
    page = reception.get(address(doctor, every="on")).content.decode()
    assert str(weekly[0][0].pk) not in page
    data = typed(weekly[0][0], nonce, why="In pain")
    page = reception.post(address(doctor, every="on"), data).content.decode()
    assert "not free any more" in page
    assert 'name="why"' not in page
    assert Appointment.objects.count() == 1
