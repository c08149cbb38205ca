"""Elif is a patient, Rosa is at reception; both at riverside."""

from itertools import count
from typing import Any

from django.test import Client

from accounts.models import User

PASSWORD = "correct horse battery"
_numbers = count(1)


def elif_kaya(**fields: Any) -> User:
    """A patient; each time with another address, as limits are kept by address."""
    email = f"elif{next(_numbers)}@mail.example"
    fields = {"email": email, "name": "Elif Kaya", "password": PASSWORD} | fields
    return User.objects.create_user(**fields)


def rosa() -> User:
    return elif_kaya(name="Rosa Lind", role="reception")


def log_in(browser: Client, user: User, password: str = PASSWORD, **more: str) -> Any:
    body = {"email": user.email, "password": password, **more}
    return browser.post("/account/login/", body)
