"""Clinics made, migrated and deleted by processes that are killed at each step.

A step is a statement sent to PostgreSQL: a forked process is killed (SIGKILL) before its
first one, the next before its second, until one comes through. After each kill nobody is
served a half-made clinic, and the worker's chore, or the command again, finishes the work.
"""

import os
import signal
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils.timezone import now
from django_redis import get_redis_connection

from accounts.models import User
from tenants import blueprint, crew, hosts, lifecycle, locks, migrating, provisioning
from tenants.context import clinic_context, platform_context, redis_key
from tenants.models import Blueprint, Clinic, ClinicEvent, Provisioning
from tenants.tests.killing import assert_no_locks, die, fork, kills, run_killed, schemas
from tenants.tests.planting import as_before, has_column, plant, planted
from tenants.versions import current_version

SLUG = "willow-park"
VALUES: dict[str, Any] = {
    "slug": SLUG,
    "name": "Willow Park Clinic",
    "timezone": "Europe/Berlin",
    "owner_email": "owner@willow.example",
    "owner_password": None,
}
# The second makes a foreign key, which Django defers to the end of the migration.
TWO_CHANGES = """
migrations.AddField("practice", "planted", models.TextField(db_default="new")),
migrations.CreateModel("Planted", [
    ("id", models.AutoField(primary_key=True)),
    ("practice", models.ForeignKey("bookings.Practice", models.CASCADE)),
])
"""


@pytest.fixture
def nothing_left(committed):
    """Willow is not there before, and nothing of it, nor a lock, afterwards."""
    before = schemas()
    yield
    _remove_willow()
    assert schemas() == before
    assert_no_locks()


@pytest.mark.usefixtures("nothing_left")
def test_a_birth_killed_at_each_step_is_404_until_a_worker_finishes_it():
    before = schemas()
    killed = 0
    for _step in kills(partial(provisioning.create_clinic, **VALUES)):
        killed += 1
        with platform_context():
            clinic = Clinic.objects.filter(slug=SLUG).first()
        if clinic is None:
            assert schemas() == before
        elif clinic.status == Clinic.Status.CREATING:
            _assert_nobody_answers()
            provisioning.finish_left(now() + timedelta(minutes=1))
        if clinic:
            _assert_it_is_whole()
        assert_no_locks()
        _remove_willow()
    assert killed > 10
    _assert_it_is_whole()


@pytest.mark.usefixtures("nothing_left")
def test_a_prepared_text_killed_half_way_leaves_nothing_to_the_next():
    kept = blueprint.prepare()
    with platform_context():
        Blueprint.objects.all().delete()
    assert run_killed(blueprint.prepare, before_statement=150) == -signal.SIGKILL
    assert any(name.startswith("blueprint_") for name in schemas())
    blueprint.prepare()
    assert not any(name.startswith("blueprint_") for name in schemas())
    with platform_context():
        Blueprint.objects.update(ddl=kept)  # with the times that it had


@pytest.mark.usefixtures("nothing_left")
def test_a_deletion_killed_at_each_step_is_finished_by_a_worker():
    killed = 0
    for _step in kills(_delete_willow, prepare=_close_willow):
        killed += 1
        _assert_closed_or_gone()
        lifecycle.delete_due(now())
        _assert_gone()
    assert killed > 5
    _assert_gone()


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("step", ["_delete_files", "forget_in_redis", "record"])
def test_a_deletion_killed_between_stores_is_finished_by_a_worker(step, monkeypatch):
    _close_willow()
    with monkeypatch.context() as patched:
        patched.setattr(lifecycle, step, die)
        assert run_killed(_delete_willow) == -signal.SIGKILL
    _assert_closed_or_gone()
    lifecycle.delete_due(now())
    _assert_gone()


def test_a_migration_killed_at_each_step_is_finished_by_the_next(committed, tmp_path):
    killed = 0
    with planted(tmp_path, plant(tmp_path, TWO_CHANGES)):
        migrate = partial(migrating.migrate_one, committed.pk)
        for _step in kills(migrate, around=as_before):
            killed += 1
            # All of a migration and its record, or nothing.
            assert has_column(committed) == _is_written_down(committed)
            assert migrating.migrate_one(committed.pk) is None
            _assert_migrated(committed)
            with clinic_context(committed):
                assert Permission.objects.filter(codename="add_planted").exists()
    assert killed > 10
    assert_no_locks()
    _forget_migrations()


def test_a_run_whose_worker_is_killed_tells_who_is_left_and_the_next_goes_on(
    committed, tmp_path, monkeypatch
):
    def migrate_or_die(clinic_id):
        if clinic_id == committed.pk:
            die()
        migrating.migrate_one(clinic_id)

    with (
        as_before(),
        planted(tmp_path, plant(tmp_path)),
        monkeypatch.context() as dying,
    ):
        dying.setattr(migrating, "_FEW", 1)
        dying.setattr(migrating, "_migrate_or_leave", migrate_or_die)
        done, [failure] = migrating.migrate_clinics(jobs=2)
        assert (done, failure.slug, failure.error) == (
            1,
            "riverside",
            "was not reached",
        )

        dying.undo()
        assert migrating.migrate_clinics() == (1, [])
        _assert_migrated(committed)
    assert_no_locks()
    _forget_migrations()


def test_a_run_that_is_killed_ends_its_processes_and_its_lock(committed):
    """They are at their first clinic then, and take no second one."""
    reader, writer = os.pipe()
    ids = [committed.pk] * 50

    def work(clinic_id):
        os.write(writer, b"x")
        time.sleep(0.2)

    def run():
        with migrating.only_run():
            crew.share(ids, work, jobs=2)

    process = fork(run)
    assert os.read(reader, 1) == b"x"
    with pytest.raises(locks.BusyError), migrating.only_run(wait=False):
        pass
    process.kill()
    process.join()
    with migrating.only_run():  # waits for the last of them
        os.close(writer)
        assert len(os.read(reader, 100)) < 10
    os.close(reader)


# What must hold ------------------------------------------------------------------------


def _assert_nobody_answers() -> None:
    hosts.forget()
    with pytest.raises(hosts.UnknownHostError):
        hosts.resolve(f"{SLUG}.localhost")


def _assert_it_is_whole() -> None:
    hosts.forget()
    clinic = hosts.resolve(f"{SLUG}.localhost")
    assert isinstance(clinic, Clinic)
    assert clinic.schema_version == current_version()
    with clinic_context(clinic):
        [owner] = User.objects.all()
        assert (owner.email, owner.role) == ("owner@willow.example", "owner")
        assert "bookings_slot" in connection.introspection.table_names()
    with platform_context():
        assert not Provisioning.objects.filter(clinic=clinic).exists()
        [born] = ClinicEvent.objects.filter(slug=SLUG)
        assert born.kind == "created"


def _assert_closed_or_gone() -> None:
    with platform_context():
        clinic = Clinic.objects.filter(slug=SLUG).first()
    if clinic is None:
        _assert_gone()
    else:
        assert clinic.status == Clinic.Status.CLOSED
        assert clinic.schema_name in schemas()


def _assert_gone() -> None:
    _assert_nobody_answers()
    with platform_context():
        [deleted] = ClinicEvent.objects.filter(slug=SLUG, kind="deleted")
    clinic_id = str(deleted.clinic_id)
    for root in (settings.MEDIA_ROOT, settings.ARCHIVE_ROOT):
        assert not (root / clinic_id).exists()
    redis = get_redis_connection("default")
    assert not redis.keys(f"*{clinic_id}*")


def _assert_migrated(clinic: Clinic) -> None:
    assert has_column(clinic)
    with platform_context():
        clinic.refresh_from_db()
    assert clinic.schema_version == current_version()
    assert clinic.migration_error == ""


def _is_written_down(clinic: Clinic) -> bool:
    with clinic_context(clinic), connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM django_migrations WHERE name = '9999_planted')"
        )
        found: bool = cursor.fetchone()[0]
    return found


# Before and after ----------------------------------------------------------------------


def _close_willow() -> None:
    _remove_willow()
    clinic, _made = provisioning.create_clinic(**VALUES)
    for root in (settings.MEDIA_ROOT, settings.ARCHIVE_ROOT):
        (root / str(clinic.pk)).mkdir(parents=True)
        (root / str(clinic.pk) / "logo.png").write_bytes(b"logo")
    get_redis_connection("default").set(redis_key(clinic.pk, "day"), "cached", ex=60)
    lifecycle.close(clinic, by="owner", grace=timedelta(0))


def _delete_willow() -> None:
    with platform_context():
        clinic = Clinic.objects.get(slug=SLUG)
    lifecycle.delete(clinic, by="owner")


def _remove_willow() -> None:
    with platform_context(), connection.cursor() as cursor:
        for clinic in Clinic.objects.filter(slug=SLUG):
            cursor.execute(f'DROP SCHEMA IF EXISTS "{clinic.schema_name}" CASCADE')
            clinic.delete()
        ClinicEvent.objects.filter(slug=SLUG).delete()
    hosts.forget()


def _forget_migrations() -> None:
    with platform_context():
        ClinicEvent.objects.filter(kind="migrated").delete()
