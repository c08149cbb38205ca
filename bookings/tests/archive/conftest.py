"""Willow Park: a clinic that can be closed, deleted and brought back for real."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from bookings.tests.archive.awkward import fill, fill_a_little
from tenants import hosts
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic, ClinicEvent
from tenants.provisioning import create_clinic

SLUGS = ("willow-park", "willow-copy")


@pytest.fixture
def empty_willow(committed: Clinic) -> Iterator[Clinic]:
    """A clinic with nothing but its owner; gone afterwards, whatever became of it."""
    with platform_context():
        clinic, _ = create_clinic(
            slug="willow-park",
            name="Willow Park 🌿 “Clinic”",
            timezone="Europe/Berlin",
            owner_email="owner@willow.example",
            owner_password=None,
        )
    yield clinic
    with platform_context(), connection.cursor() as cursor:
        for left in Clinic.objects.filter(slug__in=SLUGS):
            cursor.execute(f'DROP SCHEMA IF EXISTS "{left.schema_name}" CASCADE')
            for root in (settings.MEDIA_ROOT, settings.ARCHIVE_ROOT):
                shutil.rmtree(root / str(left.pk), ignore_errors=True)
            left.delete()
        ClinicEvent.objects.filter(slug__in=SLUGS).delete()
    hosts.forget()


@pytest.fixture
def willow(empty_willow: Clinic) -> Clinic:
    """The same with whatever is hard to write down and read back."""
    with clinic_context(empty_willow):
        fill()
    return empty_willow


@pytest.fixture
def small_willow(empty_willow: Clinic) -> Clinic:
    """The same with one visit, where it does not matter how many there are."""
    with clinic_context(empty_willow):
        fill_a_little()
    return empty_willow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where an archive may go."""
    return tmp_path / "willow.zip"
