"""Olga owns riverside."""

import pytest
from django.test import Client

from bookings.tests import make
from tenants.models import Clinic

OLGA = "olga@riverside.example"


@pytest.fixture
def owner(clinic: Clinic) -> Client:
    """Olga's browser, logged in."""
    browser = Client(headers={"host": f"{clinic.slug}.localhost"})
    olga = make.user(role="owner", name="Olga Rivers", email=OLGA)
    browser.force_login(olga)
    return browser
