"""Programs that call the API: a guest's, a patient's, the desk's."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.tokens import issue
from bookings.tests import make
from tenants.models import Clinic


class Caller:
    """Speaks JSON to a clinic's API, with the token of a user or without."""

    def __init__(self, clinic: Clinic, user: User | None = None) -> None:
        headers = {"host": f"{clinic.slug}.localhost"}
        if user:
            headers["authorization"] = f"Bearer {issue(user, clinic.pk).access}"
        self.client = Client(headers=headers, raise_request_exception=False)

    def get(self, path: str, /, **filters: Any) -> Any:
        query = {name.rstrip("_"): value for name, value in filters.items()}
        return self.client.get(self._address(path), query)

    def post(self, path: str, body: Any = None, /, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            self._address(path), body or {}, "application/json", headers=named
        )

    def delete(self, path: str) -> Any:
        return self.client.delete(self._address(path))

    def _address(self, path: str) -> str:
        return path if path.startswith(("/", "http")) else f"/api/v1/{path}"


@pytest.fixture(autouse=True)
def _open_rules(request: pytest.FixtureRequest, settings: Any) -> None:
    """No rule of the clinic is in the way, and no counter is left from before."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    committed = "committed" in request.fixturenames
    request.getfixturevalue("committed" if committed else "clinic")
    cache.clear()
    make.practice()


@pytest.fixture
def guest(clinic: Clinic) -> Caller:
    return Caller(clinic)


@pytest.fixture
def calls_as(clinic: Clinic) -> Callable[[User], Caller]:
    """Make a program that has a user's token."""
    return lambda user: Caller(clinic, user)


@pytest.fixture
def elif_kaya(clinic: Clinic) -> User:
    """A patient."""
    del clinic
    return make.user(name="Elif Kaya", email="elif@mail.example")


@pytest.fixture
def patient(calls_as: Callable[[User], Caller], elif_kaya: User) -> Caller:
    return calls_as(elif_kaya)


@pytest.fixture
def desk(calls_as: Callable[[User], Caller]) -> Caller:
    return calls_as(make.user(role="reception", name="Rosa Lind"))


@pytest.fixture
def person() -> dict[str, str]:
    """What a guest says of themselves."""
    return {"name": "Ada Guest", "email": "ada@mail.example"}
