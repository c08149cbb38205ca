"""Births of clinics: raced, repeated and killed half-way. They commit for real."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import User
from tenants import hosts, provisioning
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic

SLUG = "willow-park"
VALUES: dict[str, Any] = {
    "slug": SLUG,
    "name": "Willow Park Clinic",
    "timezone": "Europe/Berlin",
    "owner_email": "owner@willow.example",
    "owner_password": None,
}


@pytest.fixture
def willow(committed):
    """Nothing yet; whatever becomes of it is gone afterwards."""
    yield
    with platform_context(), connection.cursor() as cursor:
        schemas = Clinic.objects.filter(slug=SLUG).values_list("schema_name", flat=True)
        for schema in schemas:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        cursor.execute("DELETE FROM tenants_clinic WHERE slug = %s", [SLUG])
    hosts.forget()


@pytest.mark.usefixtures("willow")
def test_two_creators_of_one_slug_make_one_clinic():
    start = threading.Barrier(2)

    def create():
        try:
            start.wait()
            return provisioning.create_clinic(**VALUES)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = [job.result() for job in [pool.submit(create) for _ in range(2)]]
    assert sorted(made for _, made in results) == [False, True]
    assert len({clinic.pk for clinic, _ in results}) == 1
    _assert_it_is_whole(results[0][0])


@pytest.mark.usefixtures("willow")
def test_a_repeat_changes_nothing():
    first, made = provisioning.create_clinic(**VALUES)
    again, made_again = provisioning.create_clinic(
        **VALUES | {"name": "Other", "owner_email": "thief@willow.example"}
    )
    assert (made, made_again) == (True, False)
    assert (again.pk, again.name) == (first.pk, "Willow Park Clinic")
    _assert_it_is_whole(again)


@pytest.mark.usefixtures("willow")
@pytest.mark.parametrize("step", ["_build_schema", "_make_owner"])
def test_one_killed_half_way_is_404_until_the_next_call_finishes_it(monkeypatch, step):
    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(provisioning, step, die)
        with pytest.raises(KeyboardInterrupt):
            provisioning.create_clinic(**VALUES)
    with platform_context():
        assert Clinic.objects.get(slug=SLUG).status == Clinic.Status.CREATING
    with pytest.raises(hosts.UnknownHostError):
        hosts.resolve(f"{SLUG}.localhost")

    clinic, made = provisioning.create_clinic(**VALUES)
    assert made
    _assert_it_is_whole(clinic)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "admin"),
        ("slug", "www"),
        ("slug", "public"),
        ("slug", "xn--abc"),
        ("slug", "xn-abc"),
        ("slug", "Riverside"),
        ("slug", "a"),
        ("slug", "-a-b"),
        ("slug", "a--b"),
        ("slug", "a.b"),
        ("slug", 'a"; DROP'),
        ("slug", "a" * 41),
        ("slug", ""),
        ("name", ""),
        ("name", "n" * 121),
        ("timezone", "../../etc/passwd"),
        ("timezone", "http://x"),
        ("timezone", ""),
    ],
)
def test_what_is_not_acceptable_makes_nothing(clinic, field, value):
    with platform_context():
        before = Clinic.objects.count()
    with pytest.raises(ValidationError) as refused:
        provisioning.create_clinic(**VALUES | {field: value})
    assert list(refused.value.message_dict) == [field]
    with platform_context():
        assert Clinic.objects.count() == before


def _assert_it_is_whole(clinic: Clinic) -> None:
    assert hosts.resolve(f"{SLUG}.localhost") == clinic
    with clinic_context(clinic):
        [owner] = User.objects.all()
        assert (owner.email, owner.role) == ("owner@willow.example", "owner")
        assert "bookings_slot" in connection.introspection.table_names()


@pytest.mark.usefixtures("willow")
def test_what_a_killed_import_has_taken_is_free_after_a_day():
    named = {key: VALUES[key] for key in ("slug", "name", "timezone")}
    left = provisioning.reserve_empty(**named)

    provisioning.finish_left(left.created_at + timedelta(hours=23))
    with platform_context():
        assert Clinic.objects.filter(slug=SLUG).exists()
    provisioning.finish_left(left.created_at + timedelta(hours=25))
    with platform_context():
        assert not Clinic.objects.filter(slug=SLUG).exists()
