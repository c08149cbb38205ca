"""Olga owns riverside."""

import pytest
from django.test import Client

from bookings.tests import make
from tenants.models import Clinic


@pytest.fixture
def owner(clinic: Clinic) -> Client:
    """Olga's browser, logged in."""
    browser = Client(headers={"host": f"{clinic.slug}.localhost"})
    browser.force_login(make.user(role="owner", name="Olga Rivers"))
    return browser
