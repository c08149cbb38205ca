"""Booking through the API, and reading what was booked."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.actions import appointments
from bookings.models import Appointment, Patient
from bookings.tests import make


@pytest.fixture
def doctor(clinic):
    return make.doctor()


@pytest.fixture
def free(doctor):
    return make.slots(doctor)


def test_a_guest_books_and_gets_the_whole_appointment(guest, doctor, free, person):
    answer = guest.post(
        "appointments/",
        {
            "slot": str(free[0].pk),
            "patient": person
            | {"phone": "020 7946 0118", "date_of_birth": "1990-02-28"},
            "reason": "A cough",
            "timezone": "Europe/Paris",
        },
    )

    assert answer.status_code == 201
    made = Appointment.objects.get()
    assert answer["ETag"] == '"1"'
    assert answer.json() == {
        "id": str(made.pk),
        "reference": made.reference,
        "status": "booked",
        "slot": str(free[0].pk),
        "slots": [str(free[0].pk)],
        "doctor": str(doctor.pk),
        "service": str(doctor.default_service_id),
        "start": free[0].start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "end": free[0].end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "patient": {
            "id": str(made.patient_id),
            "name": "Ada Guest",
            "email": "ada@mail.example",
            "phone": "+442079460118",
            "date_of_birth": "1990-02-28",
        },
        "reason": "A cough",
        "needs_new_time": False,
        "version": 1,
        "created_at": made.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def test_a_logged_in_patient_needs_not_say_who_they_are(patient, elif_kaya, free):
    made = [patient.post("appointments/", {"slot": str(free[n].pk)}) for n in (0, 2)]

    assert [answer.status_code for answer in made] == [201, 201]
    mine = Patient.objects.get()
    assert (mine.user, mine.name, mine.email) == (
        elif_kaya,
        "Elif Kaya",
        "elif@mail.example",
    )
    assert ids(patient.get("appointments/")) == [a.json()["id"] for a in made]


def test_a_patient_books_for_a_relative_and_sees_it(patient, elif_kaya, free):
    child = {"name": "Deniz Kaya", "email": "elif@mail.example"}
    own = {"name": "elif kaya", "email": "else@mail.example"}

    for n, who in ((0, child), (1, child), (2, own)):
        answer = patient.post(
            "appointments/", {"slot": str(free[n].pk), "patient": who}
        )
        assert answer.status_code == 201

    deniz = Patient.objects.get(name="Deniz Kaya")
    assert deniz.guardian == Patient.objects.get(user=elif_kaya)
    assert Patient.objects.get(user=elif_kaya).email == "elif@mail.example"
    assert len(ids(patient.get("appointments/"))) == 3


def test_guests_and_the_desk_must_say_for_whom(guest, desk, free):
    for caller in (guest, desk):
        answer = caller.post("appointments/", {"slot": str(free[0].pk)})

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert list(answer.json()["errors"]) == ["patient"]


def test_doctors_look_and_the_desk_books(calls_as, doctor, free, person):
    own = make.user(role="doctor")
    doctor.user = own
    doctor.save()
    booked = book(make.patient(), free[0])
    book(make.patient(), make.slots(make.doctor())[0])
    caller = calls_as(own)

    wish = {"slot": str(free[1].pk), "patient": person}
    assert ids(caller.get("appointments/")) == [str(booked.pk)]
    for answer in (
        caller.post("appointments/", wish),
        caller.post(f"appointments/{booked.pk}/cancel/"),
        caller.post(f"appointments/{booked.pk}/reschedule/", {"slot": str(free[1].pk)}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_what_nobody_may_say_is_ignored(guest, free, person):
    other = make.patient()
    answer = guest.post(
        "appointments/",
        {
            "slot": str(free[0].pk),
            "patient": person | {"id": str(other.pk), "user": 1, "guardian": 1},
            "status": "completed",
            "id": str(other.pk),
            "version": 99,
            "created_at": "2001-01-01T00:00:00Z",
            "is_overbooked": True,
            "booked_via": "desk",
            "tenant": "harbor",
            "price": 0,
            "as_staff": True,
        },
    )

    made = Appointment.objects.get()
    assert answer.status_code == 201
    assert (made.status, made.version, made.booked_via) == ("booked", 1, "api")
    assert made.pk != other.pk
    assert made.patient != other
    assert made.created_at.year > 2001
    assert not made.is_overbooked
    assert made.patient.user is None


def test_a_patient_sees_their_own_and_nothing_of_others(
    patient, calls_as, elif_kaya, free
):
    mine = book(make.patient(user=elif_kaya), free[0])
    theirs = book(make.patient(user=make.user()), free[1])

    assert ids(patient.get("appointments/", status="all")) == [str(mine.pk)]
    assert ids(patient.get("appointments/", patient=theirs.patient_id)) == [
        str(mine.pk)
    ]
    assert patient.get(f"appointments/{mine.pk}/").json()["id"] == str(mine.pk)
    for answer in (
        patient.get(f"appointments/{theirs.pk}/"),
        patient.post(f"appointments/{theirs.pk}/cancel/"),
        patient.post(
            f"appointments/{theirs.pk}/reschedule/", {"slot": str(free[2].pk)}
        ),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    theirs.refresh_from_db()
    assert (theirs.status, theirs.start) == ("booked", free[1].start)


def test_guests_see_and_change_nothing(guest, free):
    made = book(make.patient(), free[0])

    for answer in (
        guest.get("appointments/"),
        guest.get(f"appointments/{made.pk}/"),
        guest.post(f"appointments/{made.pk}/cancel/"),
        guest.post(f"appointments/{made.pk}/reschedule/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_the_desk_lists_by_status_doctor_and_day(desk, doctor, free):
    booked = book(make.patient(), free[0])
    cancelled = book(make.patient(), free[1])
    desk.post(f"appointments/{cancelled.pk}/cancel/")
    elsewhere = book(make.patient(), make.slots(make.doctor(), number=1)[0])
    later = make.slots(doctor, number=1, start=free[0].start + timedelta(days=1))[0]
    tomorrow = book(make.patient(), later)

    def found(**filters):
        return set(ids(desk.get("appointments/", **filters)))

    def keys(*made):
        return {str(each.pk) for each in made}

    assert found() == keys(booked, elsewhere, tomorrow)
    assert found(status="all") == keys(booked, elsewhere, tomorrow, cancelled)
    assert found(status="cancelled") == keys(cancelled)
    assert found(doctor=doctor.pk) == keys(booked, tomorrow)
    assert found(to=free[0].day.isoformat()) == keys(booked, elsewhere)
    assert found(from_=later.day.isoformat()) == keys(tomorrow)
    assert found(from_="1999-01-01", to="2001-01-01") == set()


def test_three_appointments_cost_as_many_queries_as_one(desk, free):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            ids(desk.get("appointments/"))
        return len(asked)

    book(make.patient(), free[0])
    queries()
    one = queries()
    for n in (1, 2):
        book(make.patient(guardian=make.patient()), free[n])

    assert len(ids(desk.get("appointments/"))) == 3
    assert queries() == one


def test_notice_binds_patients_and_not_the_desk(guest, desk, free, person):
    make.practice(notice_minutes=60 * 24 * 30)
    wish = {"slot": str(free[0].pk), "patient": person}

    refused = guest.post("appointments/", wish)

    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["reason"]) == (
        "not_offered",
        "notice",
    )
    assert desk.post("appointments/", wish).status_code == 201


def test_a_service_the_doctor_does_not_offer_is_not_offered(guest, free, person):
    wish = {"slot": str(free[0].pk), "patient": person}

    foreign = guest.post("appointments/", wish | {"service": str(make.service().pk)})
    unknown = guest.post("appointments/", wish | {"service": str(free[0].pk)})

    assert (foreign.status_code, foreign.json()["reason"]) == (409, "service")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


def test_nobody_is_in_two_places_at_once(patient, free):
    elsewhere, *_ = make.slots(make.doctor())
    patient.post("appointments/", {"slot": str(free[0].pk)})

    answer = patient.post("appointments/", {"slot": str(elsewhere.pk)})

    assert (answer.status_code, answer.json()["code"]) == (409, "patient_busy")


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def book(person, slot):
    return appointments.book(
        slot_id=slot.pk, patient=person, by=None, via=Appointment.Via.API
    )
