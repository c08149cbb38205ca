"""Sockets as partners see them: the whole ASGI application, real PostgreSQL and Valkey."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from bookings import locking
from bookings.actions import appointments, holds
from bookings.actions import slots as slot_actions
from bookings.live import frames
from bookings.tests import make
from bookings.tests.live.watching import (
    PAGE,
    Watching,
    book,
    in_clinic,
    of_week,
    slots_of,
    socket,
)
from config.asgi import application

pytestmark = pytest.mark.usefixtures("closed_connections")


async def test_a_snapshot_comes_first_then_each_change_with_a_greater_version(
    committed, doctor
):
    first, second, *_ = await slots_of(committed, doctor)
    async with Watching(of_week(doctor)) as page:
        snapshot = json.loads(await page.text())
        await book(committed, first)
        update = await page.next("slotUpdated", 1)

    assert snapshot["type"] == "snapshot"
    assert [slot["id"] for slot in snapshot["slots"]][:2] == [
        str(first.pk),
        str(second.pk),
    ]
    before = snapshot["slots"][0]
    assert before == {
        "id": str(first.pk),
        "doctor": str(doctor.pk),
        "start": f"{first.start:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{first.end:%Y-%m-%dT%H:%M:%SZ}",
        "status": "free",
        "version": 1,
    }
    assert update["slot"] == before | {"status": "booked", "version": 2}


@pytest.mark.usefixtures("quick_ticks")
async def test_a_hold_that_runs_out_is_told_without_a_worker(committed, doctor):
    first, *_ = await slots_of(committed, doctor)
    async with Watching(of_week(doctor)) as page:
        await page.next("snapshot")
        await in_clinic(_hold_for_a_moment)(committed, first)
        held = await page.told_of(first)
        lapsed = await page.told_of(first)

    assert (held["status"], held["version"]) == ("held", 2)
    assert (lapsed["status"], lapsed["version"]) == ("free", 3)


def _hold_for_a_moment(slot):
    ago = locking.clock() - timedelta(minutes=4, seconds=59)
    holds.place(slot_id=slot.pk, holder="browser", now=ago)


async def test_published_and_blocked_times_are_told(committed, doctor):
    first, *_ = await slots_of(committed, doctor)
    async with Watching(of_week(doctor)) as page:
        await page.next("snapshot")
        await in_clinic(slot_actions.block)(committed, [first.pk])
        update = await page.next("slotUpdated")
    assert update["slot"]["status"] == "blocked"


async def test_when_the_last_socket_goes_nothing_is_left_running(committed, doctor):
    async with Watching(of_week(doctor)) as page:
        await page.next("snapshot")
    await asyncio.sleep(0.1)
    left = [
        task
        for task in asyncio.all_tasks()
        if "bookings.live" in repr(task.get_coro()) or "Feed" in repr(task.get_coro())
    ]
    assert left == []


async def test_frames_say_nothing_of_a_patient(committed, doctor):
    first, *_ = await slots_of(committed, doctor)
    canary = "Zyxw Canary"
    async with Watching(of_week(doctor)) as page, Watching(of_week(doctor)) as late:
        await page.next("snapshot")
        await late.next("snapshot")
        await in_clinic(_book_for)(committed, first, canary)
        frame = json.dumps(await page.next("slotUpdated"))
        assert canary not in frame
        assert set(json.loads(frame)["slot"]) == {
            "id",
            "doctor",
            "start",
            "end",
            "status",
            "version",
        }


async def test_a_page_gets_the_same_markup_as_it_shows(committed, doctor):
    first, *_ = await slots_of(committed, doctor)
    async with Watching(of_week(doctor, format="", lang="en-gb")) as page:
        snapshot = await page.text()
        await in_clinic(_book_for)(committed, first, "Zyxw Canary")
        update = await page.fragment_of(first)

    assert snapshot.count('data-status="free"') == 6
    assert f'name="slot" value="{first.pk}">' in snapshot
    assert 'data-snapshot="whole"' in snapshot
    assert f'<li class="slot" id="slot-{first.pk}" data-status="booked"' in update
    assert 'data-version="2"' in update
    assert "Taken" in update
    assert f'data-doctor="{doctor.pk}" data-day="{first.day}"' in update
    assert "anary" not in update


async def test_a_page_is_told_to_reload_a_day_that_changed_in_bulk(
    committed, doctor, monkeypatch
):
    monkeypatch.setattr(frames, "MOST_FRAGMENTS", 3)
    slots = await slots_of(committed, doctor)
    async with Watching(of_week(doctor, format="")) as page:
        await page.text()
        await in_clinic(slot_actions.block)(committed, [each.pk for each in slots])
        update = await page.text()

    assert "data-reload" in update
    assert "<li" not in update


def _book_for(slot, name):
    appointments.book(
        slot_id=slot.pk,
        patient=make.new_patient(name=name, email="canary@mail.example"),
        by=None,
        via=PAGE,
        reason=name,
    )


async def test_a_laggard_is_closed_and_nobody_else_waits_for_it(committed, doctor):
    first, second, *_ = await slots_of(committed, doctor)
    gate = asyncio.Event()
    sent = []

    async def slow_send(message):
        sent.append(message)
        if message["type"] == "websocket.send":
            await gate.wait()

    async with Laggard(of_week(doctor), slow_send), Watching(of_week(doctor)) as page:
        await page.next("snapshot")
        for each in (first, second) * 40:
            await in_clinic(_hold_and_release)(committed, each)
            await page.told_of(each)
        async with asyncio.timeout(5):
            while sent[-1].get("code") != 4408:
                await asyncio.sleep(0.05)


def _hold_and_release(slot):
    holds.release(holds.place(slot_id=slot.pk, holder="browser").token)


class Laggard:
    """A viewer that takes no frame: a server's `send` then does not return."""

    def __init__(self, query, send):
        self.scope = socket(query).scope
        self.send = send
        self.said: asyncio.Queue[Any] = asyncio.Queue()

    async def __aenter__(self):
        await self.said.put({"type": "websocket.connect"})
        self.task = asyncio.create_task(
            application(self.scope, self.said.get, self.send)
        )

    async def __aexit__(self, *error):
        await self.said.put({"type": "websocket.disconnect", "code": 1006})
        await self.task
