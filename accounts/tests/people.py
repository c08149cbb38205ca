"""Elif is a patient, Rosa is at reception; both at riverside."""

import re
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


def seen(page: Any, email: str) -> str:
    """What a visitor sees, without what differs each time: tokens, the typed address."""
    text = re.sub(r'(nonce|middlewaretoken" value)="[^"]*"', "", page.text)
    return text.replace(email.lower(), "ADDRESS")
