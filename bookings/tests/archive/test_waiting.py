"""Exports that owners ask for: written by a worker, whatever is killed meanwhile."""

import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils.timezone import now

from bookings.interop.archive.waiting import write_one
from bookings.models import Patient
from bookings.tests import make
from bookings.tests.archive.test_round_trip import delete, export
from bookings.tests.processes import start_python
from tenants import archives
from tenants.context import clinic_context, platform_context
from tenants.models import Archive, Clinic, ClinicEvent

Status = Archive.Status
# What a worker does, but for its other work, which the lock would hold up.
_WRITE_ONE = "from bookings.interop.archive import waiting; waiting.write_one()"


def test_what_is_asked_for_twice_is_written_once(empty_willow):
    asked = archives.ask(empty_willow, by="owner@willow.example")
    again = archives.ask(empty_willow, by="second@willow.example")

    assert asked == again
    assert write_one()
    assert not write_one()
    [ready] = archives.of(empty_willow)
    path = archives.path_of(ready)
    assert (ready.status, ready.size_bytes) == (Status.READY, path.stat().st_size)
    assert path.parent == Path(settings.ARCHIVE_ROOT) / str(empty_willow.pk)
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    with platform_context():
        event = ClinicEvent.objects.get(clinic_id=empty_willow.pk, kind="exported")
    assert event.by == "owner@willow.example"


def test_a_killed_worker_s_export_is_taken_up_again(empty_willow):
    asked = archives.ask(empty_willow, by="owner")
    folder = archives.folder_of(empty_willow.pk)
    with (
        somebody_has("bookings_patient", empty_willow),
        killed(["manage.py", "shell", "-c", _WRITE_ONE]),
    ):
        wait_until(lambda: any(folder.glob("*.part")))
    assert not archives.path_of(asked).exists()
    assert not write_one()  # it is leased

    moment = now() + archives.LEASE
    taken = archives.claim(moment)
    assert taken == asked
    assert archives.claim(moment) is None
    with platform_context():
        Archive.objects.update(leased_until=None)
    assert write_one()
    assert archives.of(empty_willow)[0].status == Status.READY

    archives.forget_old(now() + timedelta(days=2))  # the killed one's leavings
    assert list(folder.iterdir()) == [archives.path_of(asked)]


def test_one_that_cannot_be_written_says_so_and_can_be_asked_for_again(empty_willow):
    asked = archives.ask(empty_willow, by="owner")
    folder = archives.folder_of(empty_willow.pk)
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("in the way of the folder")

    assert write_one()

    assert archives.of(empty_willow)[0].status == Status.FAILED
    folder.unlink()
    assert archives.ask(empty_willow, by="owner") != asked
    call_command("work", "--once")
    assert archives.of(empty_willow)[0].status == Status.READY


def test_old_exports_are_forgotten_and_so_are_those_of_clinics_that_are_gone(
    empty_willow,
):
    paths = []
    for _ in range(archives.KEPT_AT_MOST + 1):
        paths.append(archives.path_of(archives.ask(empty_willow, by="owner")))
        write_one()
    assert [path.exists() for path in paths] == [False, True, True, True]

    archives.forget_old(now() + archives.KEPT - timedelta(minutes=1))
    assert paths[-1].exists()
    archives.forget_old(now() + archives.KEPT + timedelta(minutes=1))
    assert not paths[-1].exists()
    assert archives.of(empty_willow) == []

    left = archives.folder_of(empty_willow.pk) / "left.zip"
    left.write_text("x")
    delete(empty_willow)
    left.parent.mkdir()
    left.write_text("written while the clinic was deleted")
    archives.forget_old(now())
    assert not left.parent.exists()


def test_a_clinic_that_waits_for_its_migration_is_not_exported(empty_willow):
    archives.ask(empty_willow, by="owner")
    with platform_context():
        Clinic.objects.filter(pk=empty_willow.pk).update(schema_version="older")
    assert not write_one()


def test_a_killed_import_answers_nowhere_and_a_repeat_makes_it_whole(
    empty_willow, file, tmp_path
):
    with clinic_context(empty_willow):
        make.patient(name="Elif")
    first = export(empty_willow, file)
    delete(empty_willow)
    with (
        somebody_has("tenants_clinicevent"),  # the last thing that it writes
        killed(["manage.py", "import_clinic", str(file)]),
    ):
        wait_until(lambda: _is_waiting("tenants_clinicevent"))
    with platform_context():
        assert Clinic.objects.get(pk=empty_willow.pk).status == "creating"
        wait_until(lambda: not _is_at_it())  # its server process ends a bit later

    call_command("work", "--once")  # nobody makes an empty clinic of it
    call_command("import_clinic", str(file))

    with platform_context():
        clinic = Clinic.objects.get(pk=empty_willow.pk)
    with clinic_context(clinic):
        assert Patient.objects.get().name == "Elif"
    second = export(clinic, tmp_path / "again.zip")
    assert {n for n in first if n[:4] == "data" and first[n] != second[n]} == set()


@contextmanager
def killed(arguments: list[str]) -> Iterator[None]:
    """Run Python meanwhile, then kill it; what it said is shown if the test fails."""
    with tempfile.TemporaryFile() as log:
        process = start_python(arguments, {}, log=log)
        try:
            yield
        finally:
            process.kill()
            process.wait()
            log.seek(0)
            sys.stderr.write(log.read().decode())


@contextmanager
def somebody_has(table: str, clinic: Clinic | None = None) -> Iterator[None]:
    """Keep everybody else from a table: whoever reads or writes it stands still."""
    schema = clinic.schema_name if clinic else "public"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'LOCK TABLE "{schema}"."{table}" IN ACCESS EXCLUSIVE MODE')
        yield


def _is_waiting(table: str) -> bool:
    """Whether somebody stands still before a table of the platform's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
            " AND relation = %s::regclass)",
            [f"public.{table}"],
        )
        return bool(cursor.fetchone()[0])


def _is_at_it() -> bool:
    """Whether somebody else has a lock of the platform's upkeep."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'"
            " AND pid <> pg_backend_pid())"
        )
        return bool(cursor.fetchone()[0])


def wait_until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
