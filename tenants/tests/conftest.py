"""Clinics that a test may change: the root's fixtures give all tests the same objects."""

import copy
from collections.abc import Iterator

import pytest

from tenants.context import clinic_context
from tenants.models import Clinic
from tenants.tests.nameserving import Zones


@pytest.fixture
def clinic(clinic: Clinic) -> Iterator[Clinic]:
    """Be inside riverside, as an object of this test's own."""
    own = copy.copy(clinic)
    with clinic_context(own):
        yield own


@pytest.fixture
def other_clinic(other_clinic: Clinic) -> Clinic:
    """Harbor, not entered, as an object of this test's own."""
    return copy.copy(other_clinic)


@pytest.fixture
def zones() -> Zones:
    """Name servers that know nothing yet."""
    return Zones()
