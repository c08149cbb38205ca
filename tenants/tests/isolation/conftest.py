"""Both clinics with equal keys and other canaries; files in a folder of the test's own."""

import dns.resolver
import pytest

from tenants.tests.isolation import platform_rows, world
from tenants.tests.isolation.names import BEYOND, SAME


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.ARCHIVE_ROOT = tmp_path / "archives"


@pytest.fixture(autouse=True)
def _no_name_servers(monkeypatch):
    """Nobody outside is asked: no name has a record."""

    def resolve(*_asked: object, **_how: object) -> None:
        raise dns.resolver.NXDOMAIN

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", resolve)


@pytest.fixture
def twins(clinic, other_clinic):
    """Riverside, where we are, and harbor: filled, and rolled back afterwards."""
    for each in (clinic, other_clinic):
        world.build(each)
    world.build(other_clinic, BEYOND)
    platform_rows.build(clinic, SAME)
    platform_rows.build(other_clinic, BEYOND)
    return clinic, other_clinic
