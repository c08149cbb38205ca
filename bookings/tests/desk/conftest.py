"""Browsers of people with a role, at riverside."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookings.tests import make


@pytest.fixture
def as_(clinic) -> Callable[..., Client]:
    """`as_("owner")` is a browser in which an owner of riverside is logged in."""

    def log_in(role, **fields):
        client: Any = Client(headers={"host": f"{clinic.slug}.localhost"})
        client.user = make.user(role=role, **{"password": None} | fields)
        client.force_login(client.user)
        return client

    return log_in


@pytest.fixture
def owner(as_):
    return as_("owner", name="Olga Owner")


@pytest.fixture
def reception(as_):
    return as_("reception", name="Rita Reception")
