"""What 200 clinics cost: making, migrating and deleting one, runs over all, memory."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from accounts.models import User
from benchmarks.rows import Row, median, milliseconds
from bookings.models import Appointment, Doctor, Patient, Service, Slot
from bookings.tests.processes import start_daphne
from tenants import blueprint, lifecycle, migrating
from tenants.context import clinic_context, connection, platform_context
from tenants.models import Clinic
from tenants.provisioning import create_clinic
from tenants.tests.planting import as_before, plant, planted_env

MANY = 200
_TOUCHED = (1, 50, MANY)  # clinics
_READ = (User, Doctor, Service, Patient, Slot, Appointment)
_number = count(1)


def measure() -> Iterator[Row]:
    """Measure everything with 2 clinics, then with 200."""
    call_command("migrate_schemas", verbosity=0)
    yield Row("first text of a version", _first_text(), "ms", "once a release")
    for clinics in (2, MANY):
        _fill(clinics)
        where = f"with {clinics} clinics"
        yield from _births(where)
        yield median(f"web process, to its first page, {where}", _web_starts())
        yield median(f"migrate_schemas, nothing to do, {where}", _migrate_times(3))
    yield Row("check --database default", milliseconds(_check), "ms", where)
    yield from _deletions(where)
    _fill(MANY)
    yield from _backend_memory()
    yield from _one_column()


def _first_text() -> float:
    return milliseconds(blueprint._write)


def _fill(clinics: int) -> None:
    with platform_context():
        missing = clinics - Clinic.objects.count()
    for _ in range(missing):
        _create(f"clinic{next(_number)}")


def _create(slug: str) -> None:
    create_clinic(
        slug=slug,
        name=slug.title(),
        timezone="Europe/Berlin",
        owner_email=f"owner@{slug}.example",
        owner_password=None,
    )


def _births(where: str) -> Iterator[Row]:
    by_text, by_migrations = [], []
    for _ in range(10):  # in turns
        slug = f"clinic{next(_number)}"
        by_text.append(milliseconds(partial(_create, slug)))
        _delete(slug)
        with _scratch():
            by_migrations.append(milliseconds(blueprint.migrate_here))
    yield median(f"a clinic, from the prepared text, {where}", by_text)
    yield median(f"its migrations run, {where}", by_migrations)
    ratio = statistics.median(by_text) / statistics.median(by_migrations)
    yield Row(f"ratio, {where}", ratio, "x", "wanted: 0.30 at most, 0.15 if possible")


@contextmanager
def _scratch() -> Iterator[None]:
    """Its making and its end are not part of what is measured."""
    with platform_context(), blueprint._scratch():
        yield


def _delete(slug: str) -> None:
    with platform_context():
        clinic = Clinic.objects.get(slug=slug)
    lifecycle.close(clinic, by="bench", grace=timedelta(0))
    lifecycle.delete(clinic, by="bench")


def _deletions(where: str) -> Iterator[Row]:
    with platform_context():
        doomed = list(Clinic.objects.order_by("-pk")[:10])
    times = []
    for clinic in doomed:
        lifecycle.close(clinic, by="bench", grace=timedelta(0))
        times.append(milliseconds(partial(lifecycle.delete, clinic, by="bench")))
    yield median(f"a clinic deleted, {where}", times)


def _web_starts() -> list[float]:
    times = []
    for _ in range(5):
        web = start_daphne({})
        try:
            times.append(milliseconds(web.wait_until_ready))
        finally:
            web.stop()
    return times


def _migrate_times(repeats: int, *arguments: str, **env: str) -> list[float]:
    def migrate() -> None:
        command = [sys.executable, "manage.py", "migrate_schemas", "-v0", *arguments]
        subprocess.run(  # noqa: S603 (our own command)
            command, cwd=settings.BASE_DIR, env={**os.environ, **env}, check=True
        )

    return [milliseconds(migrate) for _ in range(repeats)]


def _check() -> None:
    call_command("check", databases=["default"])


def _backend_memory() -> Iterator[Row]:
    """Of one connection that reads six tables of each clinic in turn."""
    connection.close()
    connection.close_pool()
    with platform_context():
        clinics = list(Clinic.objects.order_by("pk")[:MANY])
    own = _private_mib()
    for done, clinic in enumerate(clinics, start=1):
        with clinic_context(clinic):
            for model in _READ:
                model.objects.first()
        if done in _TOUCHED:
            note = f"{(_private_mib() - own) * 1024 / done:.0f} KiB a clinic"
            yield Row(
                f"a backend that read {done} clinics", _private_mib(), "MiB", note
            )


def _private_mib() -> float:
    """Of the backend's own memory; needs its account, or root."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return float("nan")
    return (
        sum(int(line.split()[1]) for line in lines if line.startswith("Private")) / 1024
    )


def _one_column() -> Iterator[Row]:
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        for jobs in dict.fromkeys((1, cores)):
            env = planted_env(Path(folder), plant(Path(folder)))
            with as_before():
                [took] = _migrate_times(1, f"--jobs={jobs}", **env)
                note = f"{took / MANY:.1f} ms a clinic, start included"
            yield Row(f"one column over {MANY} clinics, {jobs} jobs", took, "ms", note)
    with platform_context():
        left = migrating._waiting().count()
    assert left == 0, "as before"  # noqa: S101
