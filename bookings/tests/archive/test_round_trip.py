"""Out, deleted, and in again: the clinic is as it was, to the byte."""

import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.test import Client

from bookings.actions import appointments
from bookings.interop.links import appointment_url
from bookings.models import Appointment, OutboxMessage, Patient, Practice, Slot
from bookings.tests import make
from bookings.tests.archive.awkward import NAMES, PAGE, PNG
from tenants import lifecycle
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic, ClinicEvent


def export(clinic: Clinic, file: Path) -> dict[str, bytes]:
    call_command("export_clinic", clinic.slug, "--to", str(file))
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def delete(clinic: Clinic) -> None:
    lifecycle.close(clinic, by="test", grace=timedelta(0))
    lifecycle.delete(clinic, by="test")


def rows(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: files[name] for name in files if name.startswith("data/")}


@pytest.fixture
def reborn(willow: Clinic, file: Path) -> tuple[dict[str, bytes], Clinic]:
    """What was exported, and the clinic that came out of it."""
    first = export(willow, file)
    delete(willow)
    call_command("import_clinic", str(file))
    with platform_context():
        return first, Clinic.objects.get(pk=willow.pk)


def test_the_rows_are_the_same_byte_for_byte(reborn, tmp_path):
    first, clinic = reborn

    second = export(clinic, tmp_path / "again.zip")

    assert rows(first) == rows(second)
    ours = {name for name in first if not name.startswith(("manifest", "README"))}
    assert {name: first[name] for name in ours} == {name: second[name] for name in ours}
    counted = [_counted(files) for files in (first, second)]
    assert counted[0] == counted[1]
    assert counted[0]["data/bookings.appointment.jsonl"] == 11
    assert len(rows(first)) > 20


def _counted(files: dict[str, bytes]) -> dict[str, int]:
    said = json.loads(files["manifest.json"])["files"]
    return {name: entry.get("rows") for name, entry in said.items()}


def test_people_files_and_links_work_as_before(reborn):
    _, clinic = reborn
    browser = Client(headers={"host": clinic.host})
    with clinic_context(clinic):
        link = appointment_url(Appointment.objects.filter(status="booked")[0])
        with Practice.load().logo.open() as logo:
            assert logo.read() == PNG
        assert set(NAMES) <= set(Patient.objects.values_list("name", flat=True))

    assert browser.get(link.partition(clinic.host)[2]).status_code == 200
    pair = browser.post(
        "/api/v1/auth/token/",
        {"email": "elif@mail.example", "password": make.PASSWORD},
        content_type="application/json",
    )
    mine = browser.get(
        "/api/v1/appointments/",
        headers={"authorization": f"Bearer {pair.json()['access']}"},
    )
    assert mine.status_code == 200


def test_bookings_go_on_and_history_is_kept(reborn):
    _, clinic = reborn
    assert clinic.status == Clinic.Status.ACTIVE
    assert clinic.tokens_since is not None  # those from before are void
    with clinic_context(clinic):
        free = Slot.objects.filter(appointment=None, blocked_by="")[0]

        made = appointments.book(
            slot_id=free.pk, patient=make.new_patient(), by=None, via=PAGE
        )

        assert made.history.count() == 1
        assert make.doctor().services.count() == 1  # numbered by a sequence
        content = ContentType.objects.get_for_model(Patient)
        assert content.model == "patient"
    with platform_context():
        kinds = list(
            ClinicEvent.objects.filter(clinic_id=clinic.pk).values_list("kind", "by")
        )
    assert [kind for kind, _by in kinds] == [
        "imported",
        "deleted",
        "closed",
        "exported",
        "created",
    ]


def test_a_copy_stands_beside_the_original_and_sends_nothing_twice(
    small_willow, file, tmp_path
):
    first = export(small_willow, file)
    with pytest.raises(CommandError, match="is here already, at willow-park"):
        call_command("import_clinic", str(file))
    with pytest.raises(CommandError, match="willow-park: This address is taken"):
        call_command("import_clinic", str(file), "--as-new")

    call_command("import_clinic", str(file), "--as-new", "--slug", "willow-copy")

    with platform_context():
        copy = Clinic.objects.get(slug="willow-copy")
    assert copy.pk != small_willow.pk
    second = export(copy, tmp_path / "copy.zip")
    differing = {name for name in rows(first) if first[name] != second[name]}
    assert differing == {"data/bookings.outboxmessage.jsonl"}
    with clinic_context(copy):
        assert not OutboxMessage.objects.filter(state="waiting").exists()
