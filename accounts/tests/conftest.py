"""A browser of nobody else's address, so that limits of one test never meet another."""

from collections.abc import Callable
from itertools import count

import pytest
from django.test import Client

from tenants.models import Clinic

_numbers = count(1)


@pytest.fixture(autouse=True)
def _quick_passwords(settings) -> None:
    """Argon2 is slow on purpose; these tests check hundreds of passwords."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def new_browser(clinic: Clinic) -> Callable[[], Client]:
    """Make browsers at riverside, each at an address of its own."""

    def make() -> Client:
        n = next(_numbers)
        address = f"10.20.{n // 250}.{n % 250 + 1}"
        return Client(headers={"host": f"{clinic.slug}.localhost"}, REMOTE_ADDR=address)

    return make


@pytest.fixture
def browser(new_browser: Callable[[], Client]) -> Client:
    return new_browser()
