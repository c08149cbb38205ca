"""Booking for somebody at the desk or on the phone."""

from datetime import UTC, datetime, timedelta

import pytest

from bookings.actions import appointments
from bookings.models import Appointment, Patient
from bookings.tests import make

PAGE = "/admin/book/"


@pytest.fixture
def doctor(clinic):
    make.practice(notice_minutes=60 * 24 * 30, max_open_appointments=1)
    return make.doctor()


@pytest.fixture
def slots(doctor):
    return make.slots(doctor, number=2)


def asked(doctor, **more):
    day = make.next_week(doctor).isoformat()
    visit = {"doctor": doctor.pk, "service": doctor.default_service.pk, "day": day}
    return "?" + "&".join(f"{key}={value}" for key, value in (visit | more).items())


def somebody(at, **fields):
    new = {"who": "new", "name": "Hana Novák", "phone": "+44 1632 960118"}
    return {"slot": at.pk, **new, **fields}


def test_the_times_are_those_the_desk_may_give(doctor, slots, reception):
    page = reception.get(PAGE + asked(doctor)).content.decode()
    assert page.count("(London)") == 2  # in spite of the notice that binds patients
    assert all(str(slot.pk) in page for slot in slots)


def test_it_books_for_somebody_new(doctor, slots, reception):
    response = reception.post(PAGE + asked(doctor), somebody(slots[1]), follow=True)
    made = Appointment.objects.get()
    assert response.redirect_chain == [
        (f"/admin/bookings/appointment/{made.pk}/change/", 302)
    ]
    assert f"Reference {made.reference}" in response.content.decode()
    assert (made.start, made.booked_via) == (slots[1].start, "desk")
    assert made.patient.phone == "+441632960118"
    assert made.history.get().by_id == reception.user.pk


def test_it_books_for_somebody_known(doctor, slots, reception):
    known = make.patient(name="Elif Kaya")
    address = PAGE + asked(doctor, patient="kaya")
    assert str(known.pk) in reception.get(address).content.decode()
    reception.post(address, {"slot": slots[0].pk, "who": known.pk})
    assert Appointment.objects.get().patient_id == known.pk
    assert Patient.objects.count() == 1


def test_a_refusal_is_said_and_nothing_typed_is_lost(doctor, slots, reception):
    other = make.doctor(services=[doctor.default_service])
    theirs = make.slots(other, number=1)[0]
    known = make.patient(name="Elif Kaya")
    appointments.book(
        slot_id=theirs.pk,
        patient=known,
        by=None,
        via=Appointment.Via.DESK,
        as_staff=True,
    )
    data = {"slot": slots[0].pk, "who": known.pk, "reason": "A sore knee"}
    page = reception.post(PAGE + asked(doctor, patient="kaya"), data).content.decode()
    assert "already has an appointment at that time" in page
    assert "A sore knee" in page
    assert Appointment.objects.count() == 1


def test_a_time_that_has_gone_is_said(doctor, slots, reception):
    type(slots[0]).objects.filter(pk=slots[0].pk).update(blocked_by="desk")
    page = reception.post(PAGE + asked(doctor), somebody(slots[0])).content.decode()
    assert "not free any more" in page
    assert "Hana Novák" in page


@pytest.mark.parametrize(
    "typed",
    [
        {"name": ""},
        {"name": "a\x00b"},
        {"phone": "", "email": ""},
        {"phone": "12"},
        {"slot": "nonsense"},
        {"slot": ""},
        {"who": "nonsense"},
        {"reason": "x" * 501},
    ],
)
def test_what_cannot_be_is_refused_in_words(doctor, slots, reception, typed):
    response = reception.post(PAGE + asked(doctor), somebody(slots[0], **typed))
    assert response.status_code == 200
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "?doctor=nobody",
        "?doctor=&service=&day=",
        "?doctor=x&service=y&day=0001-01-01&patient=z",
        "?doctor=x&day=9999-12-31",
        "?slot=x",
    ],
)
def test_nonsense_in_the_address_is_no_error(doctor, slots, reception, query):
    assert reception.get(PAGE + query).status_code == 200
    assert reception.post(PAGE + query, somebody(slots[0])).status_code == 200
    for day in ("0001-01-01", "9999-12-31"):
        assert reception.get(PAGE + asked(doctor, day=day)).status_code == 200


def test_a_day_without_times_names_the_next_one(doctor, slots, reception):
    make.practice(notice_minutes=0)
    today = datetime.now(UTC).astimezone(doctor.zone).date() + timedelta(days=1)
    page = reception.get(PAGE + asked(doctor, day=today)).content.decode()
    assert "The next free day is" in page
