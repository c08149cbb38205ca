"""A clinic's backup by PostgreSQL's own tools, and what it is good for."""

import zipfile

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils.timezone import now

from bookings.interop.links import appointment_url
from bookings.models import Appointment, Patient, Practice
from bookings.tests.archive.awkward import NAMES, PNG
from bookings.tests.archive.test_round_trip import delete, export, rows
from tenants import media, pgtools
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic, ClinicEvent, Domain


@pytest.fixture
def willow(small_willow):
    """Somebody is logged in at it."""
    with clinic_context(small_willow):
        Session.objects.create(session_key="k" * 32, expire_date=now())
    return small_willow


@pytest.fixture
def backup(willow, tmp_path):
    file = tmp_path / "willow.backup"
    with platform_context():
        Domain.objects.create(
            tenant=willow, domain="willow.example", token="t", is_primary=False
        )
    call_command("backup_clinic", "willow-park", "--to", str(file))
    return file


def lose_schema(clinic: Clinic) -> None:
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{clinic.schema_name}" CASCADE')


def test_a_lost_schema_is_back_to_the_byte(willow, backup, tmp_path):
    assert backup.stat().st_mode & 0o777 == 0o600  # it holds everything
    before = export(willow, tmp_path / "before.zip")
    lose_schema(willow)
    media.remove(willow.pk)

    call_command("restore_clinic", str(backup))

    after = export(willow, tmp_path / "after.zip")
    assert rows(before) == rows(after)
    with clinic_context(willow):
        link = appointment_url(Appointment.objects.filter(status="booked")[0])
        with Practice.load().logo.open() as logo:
            assert logo.read() == PNG
    browser = Client(headers={"host": willow.host})
    assert browser.get(link.partition(willow.host)[2]).status_code == 200


def test_what_is_there_is_dropped_only_when_that_is_said(willow, backup):
    with clinic_context(willow):
        Patient.objects.filter(name=NAMES[0]).update(name="Changed since")
    with pytest.raises(CommandError, match="--replace"):
        call_command("restore_clinic", str(backup))
    with clinic_context(willow):
        assert Patient.objects.filter(name="Changed since").exists()

    call_command("restore_clinic", str(backup), "--replace")

    with clinic_context(willow):
        assert not Patient.objects.filter(name="Changed since").exists()
        assert Patient.objects.filter(name=NAMES[0]).exists()
        assert not Session.objects.exists()  # who had logged out stays so


def test_a_deleted_clinic_comes_back_with_its_row_and_domains(willow, backup, tmp_path):
    before = export(willow, tmp_path / "before.zip")
    delete(willow)

    call_command("restore_clinic", str(backup), "--slug", "willow-copy")

    with platform_context():
        back = Clinic.objects.get(pk=willow.pk)
        assert (back.slug, back.status) == ("willow-copy", "active")
        assert (back.name, back.schema_name) == (willow.name, willow.schema_name)
        assert [each.domain for each in back.domains.all()] == ["willow.example"]
        event = ClinicEvent.objects.filter(clinic_id=back.pk)[0]
        assert (event.kind, event.by) == ("imported", "restore_clinic")
    assert rows(before) == rows(export(back, tmp_path / "after.zip"))


def test_a_damaged_dump_changes_nothing(willow, backup, tmp_path):
    """It ends in the middle: what came before must not be kept."""
    damaged = tmp_path / "damaged.backup"
    with zipfile.ZipFile(backup) as whole, zipfile.ZipFile(damaged, "w") as part:
        dump = whole.read("schema.dump")
        part.writestr("schema.dump", dump[: len(dump) * 3 // 4])
        part.writestr("clinic.json", whole.read("clinic.json"))

    with pytest.raises(CommandError, match="pg_restore"):
        call_command("restore_clinic", str(damaged), "--replace")

    with clinic_context(willow):
        assert Patient.objects.filter(name=NAMES[0]).exists()
        assert Appointment.objects.exists()


def test_other_files_are_refused_in_plain_words(tmp_path, committed):
    file = tmp_path / "x.backup"
    file.write_text("no zip")
    with pytest.raises(CommandError, match="not a clinic's backup"):
        call_command("restore_clinic", str(file))
    for about in ("[]", "{", '{"format": "x"}', "null"):
        with zipfile.ZipFile(file, "w") as other:
            other.writestr("clinic.json", about)
        with pytest.raises(CommandError, match="not a clinic's backup"):
            call_command("restore_clinic", str(file))
    with pytest.raises(CommandError, match="No such file"):
        call_command("restore_clinic", str(tmp_path / "none"))


def test_without_fitting_programs_it_says_what_is_missing(
    willow, tmp_path, monkeypatch
):
    monkeypatch.setattr(pgtools, "_folders", lambda: iter([tmp_path]))

    with pytest.raises(CommandError, match="no pg_dump, pg_restore and psql"):
        call_command("backup_clinic", "willow-park", "--to", str(tmp_path / "b"))
    assert list(tmp_path.iterdir()) == []
