"""A backend of PostgreSQL grows with each clinic it reads: it is renewed in time."""

import time
from functools import partial

import pytest
from django.db import transaction

from tenants.context import (
    clinic_context,
    connection,
    each_clinic,
    platform_context,
    rest,
)
from tenants.locks import only_one
from tenants.models import Clinic
from tenants.postgresql import base


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(("most", "lives"), [(2, False), (3, True)])
def test_a_backend_that_read_many_clinics_ends_when_it_is_given_back(
    monkeypatch, most, lives
):
    monkeypatch.setattr(base, "MOST_CLINICS", most)
    _begin_anew()
    backend = _read_all()  # both clinics, and the platform
    connection.close()
    deadline = time.monotonic() + 2
    while _is_alive(backend) != lives and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _is_alive(backend) == lives


def test_who_goes_through_all_clinics_gets_other_backends_on_the_way(
    committed, monkeypatch
):
    monkeypatch.setattr(base, "MOST_CLINICS", 1)
    _begin_anew()
    assert len({_backend() for _clinic in each_clinic()}) == 2


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("held", [transaction.atomic, partial(only_one, "a test")])
def test_no_backend_is_left_in_a_transaction_or_with_a_lock(monkeypatch, held):
    monkeypatch.setattr(base, "MOST_CLINICS", 1)
    with held():
        before = _read_all()
        rest()
        assert _backend() == before


def _begin_anew() -> None:
    """Have connections that no test before has read other schemas with."""
    connection.close()
    connection.pool.drain()


def _read_all() -> int:
    with platform_context():
        clinics = list(Clinic.objects.active())
    for clinic in clinics:
        with clinic_context(clinic):
            _backend()
    return _backend()


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    return pid


def _is_alive(backend: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [backend])
        return cursor.fetchone() is not None
