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
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand

from accounts.models import User
from benchmarks.processes import private_mib
from benchmarks.rows import Row, median, milliseconds
from bookings.models import Appointment, Doctor, Patient, Service, Slot
from bookings.tests.processes import start_daphne
from tenants import blueprint, lifecycle, migrating
from tenants.checks import check_tables
from tenants.context import (
    Platform,
    acting_for,
    clinic_context,
    connection,
    platform_context,
)
from tenants.models import Clinic
from tenants.provisioning import create_clinic
from tenants.tests.planting import as_before, plant, planted, planted_env

MANY = int(os.environ.get("CLINICS", "200"))
_TOUCHED = (1, 50, 200, MANY)  # clinics
_READ = (User, Doctor, Service, Patient, Slot, Appointment)
_number = count(1)


def measure() -> Iterator[Row]:
    """Measure everything with 2 clinics, then with 200 (or `CLINICS`).

    Nothing is deleted before the end: ext4 looks long for an inode while many files were
    deleted in the last seconds, which no birth of a clinic in production has to bear.
    """
    call_command("migrate_schemas", verbosity=0)
    for clinics in (2, MANY):
        _fill(clinics)
        where = f"with {clinics} clinics"
        yield from _births(where)
        yield median(f"web process, until it answers, {where}", _web_starts())
        yield median(f"migrate_schemas, nothing to do, {where}", _migrate_times(3))
        yield median(f"check --database default, {where}", _check_times())
    yield from _sizes(where)
    yield from _backend_memory()
    yield from _against_stock()
    yield from _one_column()
    yield from _deletions(where)


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
        by_text.append(milliseconds(partial(_create, f"clinic{next(_number)}")))
        with acting_for(Platform(_schema())):
            by_migrations.append(milliseconds(blueprint.migrate_here))
    yield median(f"a clinic, from the prepared text, {where}", by_text)
    yield median(f"its migrations run, {where}", by_migrations)
    ratio = statistics.median(by_text) / statistics.median(by_migrations)
    yield Row(f"ratio, {where}", ratio, "x", "wanted: 0.30 at most, 0.15 if possible")


def _schema() -> str:
    """Make an empty schema, which goes with the whole cluster."""
    name = f"bench_{next(_number)}"
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {name}")
    return name


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
            command,
            cwd=settings.BASE_DIR,
            env={**os.environ, **env},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return [milliseconds(migrate) for _ in range(repeats)]


def _check_times() -> list[float]:
    def check() -> None:
        check_tables(None, databases=["default"])

    return [milliseconds(check) for _ in range(3)]


def _sizes(where: str) -> Iterator[Row]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()) / 1048576.0")
        yield Row(f"database, {where}", float(cursor.fetchone()[0]), "MiB")
        cursor.execute("SELECT count(*) FROM pg_class")
        yield Row(f"rows of pg_class, {where}", cursor.fetchone()[0], "")


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
        return private_mib(cursor.fetchone())


def _against_stock() -> Iterator[Row]:
    """One column for a clinic at a time, by django-tenants' own command and by ours."""
    stock, ours = [], []
    with platform_context():
        clinics = list(Clinic.objects.order_by("pk")[:20])
    with _planted():
        migrating.migrate_one(clinics.pop().pk)  # works the plan out
        for theirs, mine in zip(clinics[::2], clinics[1::2], strict=False):
            stock.append(milliseconds(partial(_migrate_by_stock, theirs)))
            ours.append(milliseconds(partial(migrating.migrate_one, mine.pk)))
    yield median("one column for one clinic, by django-tenants", stock)
    yield median("one column for one clinic, by ours", ours)


@contextmanager
def _planted() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as name, as_before():
        folder = Path(name)
        with planted(folder, plant(folder)):
            yield


def _migrate_by_stock(clinic: Clinic) -> None:
    call_command(MigrateSchemasCommand(), schema_name=clinic.schema_name, verbosity=0)


def _one_column() -> Iterator[Row]:
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        for jobs in dict.fromkeys((1, cores)):
            env = planted_env(Path(folder), plant(Path(folder)))
            with as_before():
                [took] = _migrate_times(1, f"--jobs={jobs}", **env)
                note = f"{took / MANY:.1f} ms a clinic, start included"
            yield Row(f"one column over {MANY} clinics, {jobs} jobs", took, "ms", note)
