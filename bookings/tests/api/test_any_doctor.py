"""Booking a time of whoever is free."""

import pytest

from bookings.models import Appointment, Slot
from bookings.tests import make
from bookings.tests.api.refusals import refused


@pytest.fixture
def service():
    return make.service()


@pytest.fixture
def free(service):
    """The same time at two doctors."""
    return [make.slots(make.doctor(services=[service]))[0] for _ in range(2)]


def instant(slot):
    return slot.start.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_as_many_as_there_are_doctors_get_the_time(guest, free, service, person):
    wish = {"start": instant(free[0]), "service": str(service.pk), "patient": person}

    first, second, third = (guest.post("appointments/", wish) for _ in range(3))

    assert (first.status_code, second.status_code) == (201, 201)
    assert {first.json()["doctor"], second.json()["doctor"]} == {
        str(slot.doctor_id) for slot in free
    }
    assert refused(third, 409, "slot_taken")


def test_a_repeat_is_answered_as_the_first_time(guest, free, service, person):
    wish = {"start": instant(free[0]), "service": str(service.pk), "patient": person}
    once, again = (
        guest.post("appointments/", wish, Idempotency_Key="any-1") for _ in range(2)
    )
    assert once.json() == again.json()
    assert Appointment.objects.count() == 1


def test_a_time_that_nobody_has_is_not_offered(guest, free, service, person):
    wish = {"start": "2027-01-01T03:00:00Z", "service": str(service.pk)}
    answer = guest.post("appointments/", wish | {"patient": person})
    assert refused(answer, 409, "not_offered")
    assert answer.json()["reason"] == "outside_hours"


@pytest.mark.parametrize("missing", ["slot and start", "service"])
def test_half_a_wish_says_what_is_missing(guest, free, service, person, missing):
    wish = {"service": str(service.pk)} if missing != "service" else {}
    if missing == "service":
        wish["start"] = instant(free[0])
    answer = guest.post("appointments/", wish | {"patient": person})
    assert refused(answer)
    assert not Slot.objects.filter(appointment__isnull=False).exists()


@pytest.mark.parametrize(
    "start", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "soon", 5]
)
def test_a_start_that_cannot_be(guest, service, person, start):
    wish = {"start": start, "service": str(service.pk), "patient": person}
    assert guest.post("appointments/", wish).status_code in {400, 409}
