"""Programs of patients at the first door of ASGI."""

import pytest

from accounts import throttle
from accounts.tokens import issue
from bookings.actions import limits
from bookings.locking import breaker
from bookings.tests import make
from bookings.tests.quick.asking import Program


@pytest.fixture(autouse=True)
def _open_rules(committed, settings, monkeypatch):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    make.practice()
    monkeypatch.setattr(breaker, "_closed_until", 0.0)  # others broke Redis before
    monkeypatch.setattr(throttle, "_asked_again_at", 0.0)
    limits.forget()


@pytest.fixture
def program(committed):
    """Make a program with the token of somebody; of a patient, who is known as a person."""

    def made(user=None):
        user = user or make.user()
        if user.role == "patient":
            make.patient(user=user, name=user.name, email=user.email)
        return Program(committed, issue(user, committed.pk).access)

    return made


@pytest.fixture
def slots(committed):
    return make.slots(make.doctor(), number=8)
