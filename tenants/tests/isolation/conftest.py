"""Both clinics with equal keys and other canaries; files in a folder of the test's own."""

import dns.resolver
import pytest
from django.contrib.auth.models import Permission

from tenants.context import clinic_context, platform_context
from tenants.models import Archive, ClinicEvent, Domain, SupportVisit, Usage
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
    _fill(clinic, other_clinic)
    return clinic, other_clinic


@pytest.fixture
def settled(committed, _clinics):
    """The same with real commits, for sockets, jobs and processes."""
    both = committed, _clinics["harbor"]
    _fill(*both)
    yield both
    for each in both:
        with clinic_context(each):
            Permission.objects.filter(codename="canary").delete()
    with platform_context():
        for model in (Domain, SupportVisit, ClinicEvent, Usage, Archive):
            model._base_manager.all().delete()


def _fill(riverside, harbor):
    for each in (riverside, harbor):
        world.build(each)
    world.build(harbor, BEYOND)
    platform_rows.build(riverside, SAME)
    platform_rows.build(harbor, BEYOND)
