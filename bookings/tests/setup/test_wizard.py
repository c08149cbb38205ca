"""The whole way: an empty clinic, four steps, and a time that a patient really books."""

from datetime import time

import pytest

from bookings.interop import ical
from bookings.models import (
    Appointment,
    Doctor,
    Location,
    Practice,
    Service,
    Slot,
    WorkingHours,
)
from bookings.tests import make
from bookings.tests.pages import walking
from bookings.tests.setup.browsing import form_on, go_on, skip, ten_o_clock, where

PLACE = {"address": "14 Mill Lane, London", "phone": "020 7946 0118"}


def set_up(owner):
    go_on(owner, "/setup/place/", **PLACE)
    go_on(owner, "/setup/services/?kind=physiotherapy")
    go_on(owner, "/setup/doctor/", name="Mei-Ling Zhao", title="Dr")
    return go_on(owner, "/setup/look/", hue="350")


def test_an_empty_clinic_becomes_one_that_is_booked(owner, clinic_client):
    end = set_up(owner).content.decode()
    slot = ten_o_clock()
    booked = walking.book(clinic_client, slot)

    place, doctor = Location.objects.get(), Doctor.objects.get()
    practice = Practice.load()
    assert "Patients can book now" in end
    assert "Next free time:" in end
    assert "http://riverside.localhost:8000/" in end
    assert (place.address, place.timezone) == (PLACE["address"], "Europe/London")
    assert (practice.phone, practice.brand_hue) == ("+44 20 7946 0118", 350)
    assert (str(doctor), doctor.specialty) == ("Dr Mei-Ling Zhao", "Physiotherapy")
    assert doctor.languages == ["en"]
    assert set(doctor.services.all()) == set(Service.objects.all())
    assert booked.status_code == 302
    assert Appointment.objects.get().doctor == doctor


def test_hours_are_a_working_week_with_a_break(owner):
    set_up(owner)

    rows = WorkingHours.objects.order_by("weekday", "opens")
    spans = rows.values_list("weekday", "opens", "closes")
    morning, afternoon = (time(9), time(12, 30)), (time(13, 30), time(17))
    assert list(spans) == [
        (d, *span) for d in range(5) for span in (morning, afternoon)
    ]
    # 45 and 30 minutes: every visit is some slots of 15, and none of them is wasted.
    assert set(rows.values_list("slot_minutes", flat=True)) == {15}


def test_a_bookable_time_is_five_presses_and_a_name_away(owner):
    """Skip the place, choose the kind, keep what it proposes, name the doctor, …"""
    presses = [
        skip(owner, "/setup/place/"),
        owner.get("/setup/services/?kind=general"),
        go_on(owner, "/setup/services/?kind=general"),
        go_on(owner, "/setup/doctor/", name="Amara Okonkwo"),
    ]
    home = owner.get("/").content.decode()

    assert [where(each) for each in presses] == [
        "/setup/services/",
        "/setup/services/",
        "/setup/doctor/",
        "/setup/look/",
    ]
    assert "Amara Okonkwo" in home
    assert "/doctors/amara-okonkwo/" in home
    assert Slot.objects.filter(blocked_by="").count() > 100
    assert "Patients can book now" in skip(owner, "/setup/look/").content.decode()


def test_even_without_kinds_of_visits_there_is_something_to_book(owner, clinic_client):
    for step in ("place", "services"):
        skip(owner, f"/setup/{step}/")
    go_on(owner, "/setup/doctor/", name="Amara Okonkwo")
    slot = ten_o_clock()

    booked = walking.book(clinic_client, slot)

    visit = Appointment.objects.get()
    assert booked.status_code == 302
    assert visit.service.name == "Appointment"
    # Without an address, it is the clinic's name that says where.
    page = clinic_client.get(booked["Location"]).content.decode()
    assert "<dd>Riverside Health</dd>" in page
    assert "LOCATION:Riverside Health\r\n" in ical.calendar_of(visit).decode()


def test_each_step_says_how_far_it_is(owner):
    for number, step in enumerate(("place", "services", "doctor", "look"), start=1):
        page = owner.get(f"/setup/{step}/").content.decode()
        assert f"{number} of 4" in page
        assert "Skip for now" in page


def test_it_goes_on_where_it_was_left(owner):
    assert where(owner.get("/setup/", follow=True)) == "/setup/place/"
    skip(owner, "/setup/place/")
    assert where(owner.get("/setup/", follow=True)) == "/setup/services/"
    go_on(owner, "/setup/services/?kind=dentist")
    assert where(owner.get("/setup/", follow=True)) == "/setup/doctor/"


def test_what_was_made_elsewhere_is_not_asked_for(owner):
    make.doctor()

    assert where(owner.get("/setup/", follow=True)) == "/setup/look/"


def test_everything_skipped_leaves_plain_words_and_a_reminder(owner, clinic_client):
    for step in ("place", "services", "doctor"):
        skip(owner, f"/setup/{step}/")
    end = skip(owner, "/setup/look/").content.decode()
    admin = owner.get("/admin/").content.decode()
    home = clinic_client.get("/").content.decode()

    assert "Nothing can be booked yet" in end
    assert "You can book here soon" in home
    assert "Finish setting up" not in home
    assert "Finish setting up" in owner.get("/").content.decode()
    assert "Finish setting up your clinic: 3 steps left" in admin
    assert 'href="/setup/doctor/"' in admin


def test_the_reminder_counts_what_is_missing_and_goes(owner, as_):
    go_on(owner, "/setup/place/", **PLACE)
    go_on(owner, "/setup/services/?kind=dentist")
    two_left = owner.get("/admin/").content.decode()
    seen_by_reception = as_("reception").get("/admin/").content.decode()
    go_on(owner, "/setup/doctor/", name="Amara Okonkwo")
    skip(owner, "/setup/look/")

    assert "Finish setting up your clinic: 2 steps left" in two_left
    assert "Finish setting up" not in seen_by_reception
    assert "Finish setting up" not in owner.get("/admin/").content.decode()


def test_a_time_that_is_booked_is_not_taken_away(owner, clinic_client):
    set_up(owner)
    slot = ten_o_clock()
    walking.book(clinic_client, slot)
    answer = go_on(owner, "/setup/place/", open_0=None, address="9 Other Street")
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "Patients have booked times that this would take away" in page
    assert "9 Other Street" in page
    assert Location.objects.get().address == PLACE["address"]
    assert WorkingHours.objects.filter(weekday=0).count() == 2


@pytest.mark.parametrize("role", ["reception", "doctor", "patient", "support"])
def test_only_the_owner_sets_up(as_, role):
    client = as_(role)
    for step in ("", "place/", "services/", "doctor/", "look/"):
        assert client.get(f"/setup/{step}").status_code == 403
        assert client.post(f"/setup/{step}", {"skip": "1"}).status_code in {403, 405}
    assert not Practice.objects.exists()


def test_strangers_are_asked_to_log_in(clinic_client):
    for step in ("", "place/", "services/", "doctor/", "look/"):
        answer = clinic_client.get(f"/setup/{step}")
        assert answer["Location"].startswith("/account/login/")


def test_the_set_up_of_one_clinic_is_not_another_s(owner, other_clinic, other_client):
    set_up(owner)

    assert "You can book here soon" in other_client.get("/").content.decode()
    assert form_on(owner.get("/setup/doctor/"))["name"] == "Mei-Ling Zhao"
