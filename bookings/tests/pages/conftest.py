"""The stage of the pages' tests: rules in nobody's way, Elif and her son, a stranger."""

import pytest
from django.test import Client

from accounts.models import User
from bookings.models import Doctor, Patient, Practice, Slot
from bookings.tests import make
from tenants.models import Clinic


@pytest.fixture(autouse=True)
def practice(clinic: Clinic) -> Practice:
    del clinic
    return make.practice()


@pytest.fixture
def doctor(practice: Practice) -> Doctor:
    del practice
    return make.doctor(name="Amara Okonkwo", slug="amara-okonkwo")


@pytest.fixture
def slots(doctor: Doctor) -> list[Slot]:
    """Six times of 20 minutes from 09:00, a week ahead."""
    return make.slots(doctor)


@pytest.fixture
def elif_(practice: Practice) -> User:
    """A patient with an account; her son Deniz is booked for by her."""
    del practice
    user = make.user(email="elif@mail.example", name="Elif Kaya")
    own = make.patient(user=user, name="Elif Kaya", email="elif@mail.example")
    make.patient(name="Deniz Kaya", email="", guardian=own)
    return user


@pytest.fixture
def deniz(elif_: User) -> Patient:
    return Patient.objects.get(guardian__user=elif_)


@pytest.fixture
def stranger(clinic: Clinic) -> Client:
    """Charlie: another browser at the same clinic, who must see nothing."""
    return Client(headers={"host": f"{clinic.slug}.localhost"})
