"""Both clinics with equal keys and other canaries; files in a folder of the test's own."""

import pytest

from tenants.tests.isolation import world
from tenants.tests.isolation.names import BEYOND


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.ARCHIVE_ROOT = tmp_path / "archives"


@pytest.fixture
def twins(clinic, other_clinic):
    """Riverside, where we are, and harbor: filled, and rolled back afterwards."""
    for each in (clinic, other_clinic):
        world.build(each)
    world.build(other_clinic, BEYOND)
    return clinic, other_clinic
