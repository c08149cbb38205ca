"""Events that are lost: cut subscriptions, silent deaths, no Redis at all."""

import asyncio

import pytest
from django.conf import settings
from django.db import transaction
from redis import Redis

from bookings import locking
from bookings.models import Appointment, Slot
from bookings.tests import make
from bookings.tests.live.watching import (
    PAGE,
    Watching,
    book,
    in_clinic,
    of_week,
    slots_of,
)

pytestmark = pytest.mark.usefixtures("quick_ticks", "closed_connections")


async def test_what_was_missed_while_redis_was_cut_off_comes_as_a_snapshot(
    committed, doctor
):
    first, *_ = await slots_of(committed, doctor)
    async with Watching(of_week(doctor)) as page:
        await page.next("snapshot")
        await asyncio.to_thread(_cut_subscriptions)
        await book(committed, first)
        healed = await page.next("snapshot", 30)

    assert healed["slots"][0]["status"] == "booked"


async def test_after_the_cut_events_come_at_once_again(committed, doctor):
    _, second, *_ = await slots_of(committed, doctor)
    async with Watching(of_week(doctor)) as page:
        await page.next("snapshot")
        await asyncio.to_thread(_cut_subscriptions)
        await page.next("snapshot", 10)
        await book(committed, second)
        update = await page.told_of(second)

    assert update["status"] == "booked"


def _cut_subscriptions():
    with Redis.from_url(settings.REDIS_URL) as redis:
        assert redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub") >= 1


async def test_a_change_that_nobody_announced_is_found_by_its_revision(
    committed, doctor, monkeypatch
):
    first, *_ = await slots_of(committed, doctor)
    async with Watching(of_week(doctor)) as page:
        await page.next("snapshot")
        before = (await page.next("heartbeat"))["version"]
        monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
        await in_clinic(_book_in_silence)(committed, first)
        healed = await page.next("snapshot")
        after = (await page.next("heartbeat"))["version"]

    assert healed["slots"][0]["status"] == "booked"
    assert after > before


def _book_in_silence(slot):
    """As a process that is killed between commit and announcement leaves it."""
    with transaction.atomic():
        rows = locking.lock_slots([slot.pk])
        locking.bump_days(locking.days_of(rows))
        appointment = Appointment.objects.create(
            doctor=slot.doctor,
            service=slot.doctor.default_service,
            location=slot.location,
            patient=make.patient(),
            start=slot.start,
            end=slot.end,
            occupied=(slot.start, slot.end),
            original_slots=[slot.pk],
            booked_via=PAGE,
        )
        Slot.objects.filter(pk=slot.pk).update(appointment=appointment, version=2)


async def test_without_redis_sockets_are_served_from_the_database(
    committed, doctor, monkeypatch
):
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    first, *_ = await slots_of(committed, doctor)
    async with Watching(of_week(doctor)) as page:
        assert (await page.next("snapshot"))["slots"][0]["status"] == "free"
        assert (await page.next("heartbeat"))["live"] is False
        await book(committed, first)
        assert (await page.next("snapshot"))["slots"][0]["status"] == "booked"
