"""Cancelling and moving an appointment through the API."""

import pytest

from bookings.actions import appointments
from bookings.models import Appointment
from bookings.tests import make


@pytest.fixture
def free(clinic):
    return make.slots(make.doctor())


def test_cancelling_frees_the_time_and_says_where_it_was(patient, elif_kaya, free):
    made = book(make.patient(user=elif_kaya), free[0])

    answer = patient.post(f"appointments/{made.pk}/cancel/", {"reason": "Better"})
    again = patient.post(f"appointments/{made.pk}/cancel/")

    assert answer.status_code == 200
    assert answer["ETag"] == '"2"'
    told = answer.json()
    assert (told["status"], told["slot"], told["version"]) == (
        "cancelled",
        str(free[0].pk),
        2,
    )
    assert made.history.get(kind="cancelled").reason == "Better"
    assert patient.get(f"slots/{free[0].pk}/").json()["status"] == "free"
    assert (again.status_code, again.json()["code"]) == (409, "already_cancelled")


def test_moving_takes_the_new_time_and_frees_the_old(patient, elif_kaya, free):
    made = book(make.patient(user=elif_kaya), free[0])

    answer = patient.post(
        f"appointments/{made.pk}/reschedule/", {"slot": str(free[3].pk)}
    )

    assert answer.status_code == 200
    told = answer.json()
    assert (told["slot"], told["version"]) == (str(free[3].pk), 2)
    assert told["start"] == free[3].start.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert patient.get(f"slots/{free[0].pk}/").json()["status"] == "free"
    assert patient.get(f"slots/{free[3].pk}/").json()["status"] == "booked"


def test_moving_to_a_taken_or_unknown_time_changes_nothing(patient, elif_kaya, free):
    made = book(make.patient(user=elif_kaya), free[0])
    book(make.patient(), free[1])

    taken = patient.post(
        f"appointments/{made.pk}/reschedule/", {"slot": str(free[1].pk)}
    )
    unknown = patient.post(
        f"appointments/{made.pk}/reschedule/", {"slot": str(made.pk)}
    )

    assert (taken.status_code, taken.json()["code"]) == (409, "slot_taken")
    assert len(taken.json()["alternatives"]) == 3
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    made.refresh_from_db()
    assert made.start == free[0].start


def test_who_has_read_another_version_is_told_so(patient, elif_kaya, free):
    made = book(make.patient(user=elif_kaya), free[0])
    path = f"appointments/{made.pk}"

    for tag in ('"7"', 'W/"7", "8"'):
        for verb, body in (("cancel", {}), ("reschedule", {"slot": str(free[1].pk)})):
            answer = patient.post(f"{path}/{verb}/", body, if_match=tag)
            assert (answer.status_code, answer.json()["code"]) == (
                412,
                "version_mismatch",
            )
    assert patient.post(f"{path}/cancel/", if_match="nonsense").status_code == 400
    tag = patient.get(f"{path}/")["ETag"]
    assert patient.post(f"{path}/cancel/", if_match=tag).status_code == 200


def test_the_cut_off_binds_patients_and_not_the_desk(patient, desk, elif_kaya, free):
    make.practice(cutoff_minutes=60 * 24 * 30)
    made = book(make.patient(user=elif_kaya), free[0])

    refused = patient.post(f"appointments/{made.pk}/cancel/")

    assert (refused.status_code, refused.json()["code"]) == (409, "too_late")
    assert desk.post(f"appointments/{made.pk}/cancel/").status_code == 200


def book(person, slot):
    return appointments.book(
        slot_id=slot.pk, patient=person, by=None, via=Appointment.Via.API
    )
