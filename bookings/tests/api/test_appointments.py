"""Booking, reading, cancelling and moving through the API."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

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
        "version": 1,
        "created_at": made.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
