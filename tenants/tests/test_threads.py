"""Threads mix two clinics, with errors and savepoints; nobody sees a foreign row."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from tenants.context import (
    NoClinicError,
    clinic_context,
    current_clinic,
    platform_context,
    redis_key,
)
from tenants.models import Clinic

THREADS = 8
SECONDS = 3.0


@pytest.fixture
def both(committed) -> list[Clinic]:
    """Both clinics, with one user each, named after the clinic."""
    with platform_context():
        clinics = list(Clinic.objects.filter(slug__in=["riverside", "harbor"]))
    for clinic in clinics:
        with clinic_context(clinic):
            User.objects.create_user("who@mail.example", None, name=clinic.slug)
    return clinics


def test_no_thread_sees_a_foreign_row(both):
    until = time.monotonic() + SECONDS
    with ThreadPoolExecutor(THREADS) as pool:
        jobs = [pool.submit(_mix, both, seed, until) for seed in range(THREADS)]
        seen = [job.result() for job in jobs]
    assert [foreign for _, foreign in seen if foreign] == []
    assert min(rounds for rounds, _ in seen) > 5


def test_a_thread_starts_outside_of_every_clinic(both):
    found: list[object] = []

    def look():
        try:
            found.append(current_clinic())
        except NoClinicError as error:
            found.append(error)
        finally:
            connection.close()

    with clinic_context(both[0]):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert [type(each) for each in found] == [NoClinicError]


def test_a_thread_outside_of_every_clinic_has_no_cache_keys(both):
    found = []

    def look():
        try:
            cache.set("name", "whose?")
        except NoClinicError as error:
            found.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert [type(each) for each in found] == [NoClinicError]


def test_cache_keys_name_the_clinic(clinic, other_clinic):
    key = cache.make_key("day")
    cache.set("day", "riverside's")
    assert str(clinic.pk) in key
    with clinic_context(other_clinic):
        assert cache.get("day") is None
        assert str(other_clinic.pk) in cache.make_key("day")
    with platform_context():
        assert cache.get("day") is None
        assert cache.make_key("day").startswith("platform:")
    assert cache.get("day") == "riverside's"


def test_redis_keys_name_the_clinic(clinic, other_clinic):
    key = redis_key(clinic.pk, "lock", 1)
    assert key == f"slotwell:{clinic.pk}:lock:1"
    assert key != redis_key(other_clinic.pk, "lock", 1)


def test_the_clinic_before_comes_back_after_an_error(clinic, other_clinic):
    with pytest.raises(ZeroDivisionError), clinic_context(other_clinic):
        raise ZeroDivisionError
    assert current_clinic() == clinic


def _mix(clinics: list[Clinic], seed: int, until: float) -> tuple[int, list[str]]:
    """Work for either clinic in turn; return rounds made and foreign names seen."""
    dice, rounds, foreign = random.Random(seed), 0, []
    try:
        while time.monotonic() < until:
            clinic = dice.choice(clinics)
            try:
                with clinic_context(clinic):
                    dice.choice([_read, _savepoint, _break, _raise, _nest])(clinics)
                    foreign += _foreign(clinic)
            except (DatabaseError, ZeroDivisionError):
                pass
            rounds += 1
    finally:
        connection.close()
    return rounds, foreign


def _read(clinics: list[Clinic]) -> None:
    list(User.objects.all())


def _savepoint(clinics: list[Clinic]) -> None:
    """Roll a savepoint back, and with it the search path that was set inside it."""
    with transaction.atomic():
        try:
            with transaction.atomic(), clinic_context(clinics[0]):
                User.objects.create_user("other@mail.example", None, name="other")
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        list(User.objects.all())


def _break(clinics: list[Clinic]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def _raise(clinics: list[Clinic]) -> None:
    raise ZeroDivisionError


def _nest(clinics: list[Clinic]) -> None:
    for clinic in clinics:
        with clinic_context(clinic), transaction.atomic():
            list(User.objects.all())


def _foreign(clinic: Clinic) -> list[str]:
    names = User.objects.values_list("name", flat=True)
    return [f"{clinic.slug} saw {name}" for name in names if name != clinic.slug]
