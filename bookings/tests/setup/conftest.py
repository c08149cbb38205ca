"""An owner before an empty clinic."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookings.tests import make


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def as_(clinic: Any) -> Callable[[str], Client]:
    """`as_("reception")` is a browser in which somebody of that role is logged in."""

    def log_in(role: str) -> Client:
        client = Client(headers={"host": f"{clinic.slug}.localhost"})
        client.force_login(make.user(role=role, password=None))
        return client

    return log_in


@pytest.fixture
def owner(as_: Callable[[str], Client]) -> Client:
    return as_("owner")
