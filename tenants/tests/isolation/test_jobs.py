"""Work in the background, due at both clinics at once: each gets its own."""

import zipfile
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from bookings.models import Hold, Slot
from bookings.outbox.worker import Worker
from tenants import archives
from tenants.context import clinic_context, current_clinic, platform_context
from tenants.models import Archive
from tenants.tests.isolation.marks import marks_of, parts_of_mail
from tenants.tests.isolation.names import SAME


@pytest.fixture
def worked(settled, caplog):
    """Both clinics after one round of the worker, with an export asked for."""
    for clinic in settled:
        archives.ask(clinic, by="Canary")
    long_ago = timezone.now() - timedelta(hours=1)
    Hold.objects.update(expires_at=long_ago)  # at riverside
    Slot.objects.filter(held_until__isnull=False).update(held_until=long_ago)
    caplog.set_level("INFO")
    with platform_context():
        Worker().run_once()
    assert current_clinic() == settled[0]
    return settled


def test_a_mail_names_one_clinic(worked):
    seen = []
    for message in mail.outbox:
        parts = list(parts_of_mail(message))
        seen.append([c.slug for c in worked if marks_of(c).seen_in(*parts)])
    assert sorted(seen) == [["harbor"], ["harbor"], ["riverside"]]


def test_a_hold_ends_at_its_clinic_only(worked):
    def status() -> str:
        return Slot.objects.get(pk=SAME.id("slot-held")).status_at(timezone.now())

    _riverside, harbor = worked
    assert status() == "free"
    assert Slot.objects.get(pk=SAME.id("slot-held")).held_until is None
    with clinic_context(harbor):
        assert status() == "held"


def test_each_clinic_s_times_are_published_for_its_own_doctors(worked):
    for clinic in worked:
        with clinic_context(clinic):
            published = Slot.objects.exclude(start__week_day=0).count()
            doctors = set(Slot.objects.values_list("doctor_id", flat=True))
        assert published > 20
        assert (SAME.id("doctor-row") in doctors, len(doctors)) == (
            True,
            1 if clinic.slug == "riverside" else 2,
        )


def test_an_export_has_one_clinic_s_data(worked):
    for own, other in (worked, worked[::-1]):
        path = _export_of(own)
        with zipfile.ZipFile(path) as archive:
            whole = [archive.read(name) for name in archive.namelist()]
        assert marks_of(own).seen_in(*whole)
        assert marks_of(other).seen_in(*archive.namelist(), *whole) == []


def test_what_the_worker_logs_names_one_clinic(worked, caplog):
    for record in caplog.records:
        said = record.getMessage()
        assert len([c for c in worked if marks_of(c).seen_in(said)]) <= 1
        assert "CANARY" not in said


def test_a_command_for_one_clinic_leaves_the_other_alone(settled, tmp_path):
    riverside, harbor = settled
    with clinic_context(harbor):
        before = Slot.objects.count()
    with platform_context():
        call_command("publish_slots", clinic="riverside", verbosity=0)
        call_command("export_clinic", "riverside", to=tmp_path / "riverside.zip")
    assert Slot.objects.count() > 20
    with clinic_context(harbor):
        assert Slot.objects.count() == before
    with zipfile.ZipFile(tmp_path / "riverside.zip") as archive:
        whole = [archive.read(name) for name in archive.namelist()]
    assert marks_of(riverside).seen_in(*whole)
    assert marks_of(harbor).seen_in(*whole) == []


def _export_of(clinic):
    with platform_context():
        asked = Archive.objects.get(clinic=clinic, asked_by="Canary")
    assert asked.status == "ready"
    return archives.path_of(asked)
