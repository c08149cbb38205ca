"""Runs of migrations over clinics in every state, some of which fail. They commit."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from bookings.tests.processes import database_url
from tenants import migrating, provisioning
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic, ClinicEvent
from tenants.tests.planting import ADD_COLUMN, as_before, has_column, plant, planted
from tenants.versions import current_version

FAIL_AT_HARBOR = """
def fail(apps, editor):
    if getattr(connection.tenant, "slug", "") == "harbor":
        raise ValueError("a row of\\0 harbor's does not fit")
"""
RUN = "migrations.RunPython(fail, migrations.RunPython.noop)"


@pytest.fixture
def clinics(committed):
    """Riverside and harbor, which are afterwards as they were before."""
    with as_before(), platform_context():
        yield list(Clinic.objects.filter(slug__in=["riverside", "harbor"]))
    with platform_context():
        ClinicEvent.objects.filter(kind="migrated").delete()


@pytest.fixture
def willow(clinics):
    """A clinic that is reserved only; it is gone afterwards."""
    owner = provisioning.Owner(email="owner@willow.example")
    clinic = provisioning.reserve(
        slug="willow-park", name="Willow Park", timezone="Europe/Berlin", owner=owner
    )
    yield clinic
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{clinic.schema_name}" CASCADE')
        Clinic.objects.filter(pk=clinic.pk).delete()
        ClinicEvent.objects.filter(clinic_id=clinic.pk).delete()


@pytest.mark.parametrize("status", ["active", "suspended", "closed"])
def test_each_clinic_is_migrated_whatever_its_state(clinics, tmp_path, status):
    _set_status("harbor", status)
    try:
        with planted(tmp_path, plant(tmp_path)):
            assert migrating.migrate_clinics(jobs=1) == (2, [])
            assert [has_column(each) for each in clinics] == [True, True]
            assert _versions() == {current_version()}
            assert migrating.migrate_clinics(jobs=1) == (0, [])
    finally:
        _set_status("harbor", "active")
    with platform_context():
        events = ClinicEvent.objects.filter(kind="migrated")
        assert {each.note for each in events} == {"bookings.9999_planted"}


def test_nothing_to_do_is_one_question_for_all_clinics(clinics):
    migrating.migrate_clinics()
    with CaptureQueriesContext(connection) as asked:
        assert migrating.migrate_clinics() == (0, [])
    about_clinics = [q for q in asked.captured_queries if "_clinic" in q["sql"]]
    assert len(about_clinics) == 2  # who waits, and who failed


def test_one_that_fails_holds_up_nobody_and_is_taken_up_again(clinics, tmp_path):
    bad = plant(tmp_path, RUN, code=FAIL_AT_HARBOR)
    with planted(tmp_path, bad):
        done, [failure] = migrating.migrate_clinics(jobs=1)
    assert (done, failure.slug) == (1, "harbor")
    assert "9999_planted: a row of harbor's does not fit" in failure.error
    with platform_context():
        assert Clinic.objects.get(slug="harbor").migration_error == failure.error

    with planted(tmp_path, plant(tmp_path)):  # mended; riverside has run that name
        assert migrating.migrate_clinics(jobs=1) == (2, [])
    with platform_context():
        harbor = Clinic.objects.get(slug="harbor")
    assert (harbor.migration_error, has_column(harbor)) == ("", True)


def test_the_command_tells_failures_in_plain_lines_and_ends_with_an_error(
    clinics, tmp_path, capsys
):
    with planted(tmp_path, plant(tmp_path, RUN, code=FAIL_AT_HARBOR)):
        with pytest.raises(CommandError) as ended:
            call_command("migrate_schemas", interactive=False, verbosity=0)
        with pytest.raises(CommandError, match="harbor"):
            call_command("migrate_schemas", clinic="harbor", verbosity=0)
        call_command("migrate_schemas", allow_failed_clinics=True, verbosity=0)
    assert "harbor" in capsys.readouterr().err
    first, *rest = str(ended.value).splitlines()
    assert first == "1 clinic is not migrated:"
    assert rest[0].startswith("harbor: bookings.9999_planted: a row")


def test_a_migration_that_fails_where_nothing_is_yet_is_told_too(clinics, tmp_path):
    code = "def fail(apps, editor):\n    assert hasattr(connection.tenant, 'slug')"
    with planted(tmp_path, plant(tmp_path, RUN, code=code)):
        done, [failure] = migrating.migrate_clinics(jobs=1)
    assert (done, failure.slug) == (2, "(new clinics)")


def test_several_processes_share_the_clinics(clinics, tmp_path, monkeypatch):
    monkeypatch.setattr(migrating, "_FEW", 1)
    with planted(tmp_path, plant(tmp_path)):
        assert migrating.migrate_clinics(jobs=2) == (2, [])
    assert [has_column(each) for each in clinics] == [True, True]


def test_two_at_one_clinic_migrate_it_once(clinics, tmp_path):
    start = threading.Barrier(2)

    def migrate():
        try:
            start.wait()
            return migrating.migrate_one(clinics[0].pk)
        finally:
            connection.close()

    with planted(tmp_path, plant(tmp_path)), ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(migrate) for _ in range(2)]
        assert [job.result() for job in jobs] == [None, None]
    with platform_context():
        assert ClinicEvent.objects.filter(kind="migrated").count() == 1


def test_a_table_in_use_is_waited_for_only_so_long(clinics, tmp_path, monkeypatch):
    monkeypatch.setattr(migrating, "_LOCK_TIMEOUT", "20ms")
    busy = f'LOCK TABLE "{clinics[0].schema_name}".bookings_practice'
    with planted(tmp_path, plant(tmp_path)):
        with psycopg.connect(database_url()) as other:
            other.execute(busy)
            error = migrating.migrate_one(clinics[0].pk)
        assert error is not None
        assert "lock timeout" in error
        assert migrating.migrate_one(clinics[0].pk) is None
    assert has_column(clinics[0])


def test_new_models_get_content_types_and_permissions(clinics, tmp_path):
    """Made only where models changed; taken away before, to see whether they are."""
    model = 'migrations.CreateModel("Planted", [("id", models.AutoField(primary_key=True))])'
    for operations, expected in [(ADD_COLUMN, 0), (model, 4)]:
        with as_before(), planted(tmp_path, plant(tmp_path, operations)):
            with clinic_context(clinics[0]):
                rows = list(_permissions_of_slots())
                _permissions_of_slots().delete()
            migrating.migrate_one(clinics[0].pk)
            with clinic_context(clinics[0]):
                found = _permissions_of_slots().count()
                _permissions_of_slots().delete()
                Permission.objects.bulk_create(rows)
        assert found == expected


def test_a_schema_that_older_code_left_half_made_is_migrated(
    willow, tmp_path, monkeypatch
):
    with monkeypatch.context() as killed:
        killed.setattr(provisioning, "_make_owner", _die)
        with pytest.raises(KeyboardInterrupt):
            provisioning.build(willow)
    with planted(tmp_path, plant(tmp_path)):
        assert provisioning.build(willow)
        assert willow.schema_version == current_version()
    assert has_column(willow)


def test_a_clinic_that_older_code_opened_after_the_run_is_migrated_by_a_worker(
    willow, tmp_path
):
    package = plant(tmp_path)
    with planted(tmp_path, package):
        migrating.migrate_clinics(jobs=1)
    provisioning.build(willow)
    with planted(tmp_path, package):
        newest = current_version()
        migrating.finish_young(now())
    assert has_column(willow)

    migrating.finish_young(now())  # a worker of the older code
    assert _versions() == {newest}


def _die(*args):
    raise KeyboardInterrupt


def _set_status(slug: str, status: str) -> None:
    with platform_context():
        Clinic.objects.filter(slug=slug).update(status=status)


def _versions() -> set[str]:
    with platform_context():
        return set(Clinic.objects.ready().values_list("schema_version", flat=True))


def _permissions_of_slots():
    return Permission.objects.filter(codename__endswith="_slot")
