"""Sockets as partners see them: the whole ASGI application, real PostgreSQL and Valkey."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, connections, transaction
from redis import Redis

from accounts.models import User
from bookings import locking
from bookings.actions import appointments, holds
from bookings.actions import slots as slot_actions
from bookings.live import frames, hub
from bookings.models import Appointment, Slot
from bookings.tests import make
from config.asgi import application
from tenants.context import clinic_context, platform_context

PAGE = Appointment.Via.PAGE


@pytest.fixture(autouse=True)
def _quick_ticks(monkeypatch):
    monkeypatch.setattr(hub, "TICK", 0.5)
    monkeypatch.setattr(hub, "HEARTBEAT_TICKS", 1)


@pytest.fixture(autouse=True)
async def _close_connections(committed):
    """Channels' communicators keep the database's thread from doing it."""
    del committed
    yield
    await database_sync_to_async(connections.close_all)()


@pytest.fixture
def doctor(committed):
    make.practice()
    doctor = make.doctor()
    make.slots(doctor)
    return doctor


@pytest.fixture
def harbor(committed, _clinics):
    """The other clinic; `other_clinic` would put the test into a transaction."""
    return _clinics["harbor"]


def of_week(doctor, **more):
    day = make.next_week(doctor)
    wanted = {"doctor": doctor.pk, "from": day, "to": day, "format": "json"} | more
    return "&".join(f"{key}={value}" for key, value in wanted.items() if value)


def socket(query, *, slug="riverside", origin=None, session=None):
    headers = [(b"host", f"{slug}.localhost:8000".encode())]
    if origin:
        headers.append((b"origin", origin.encode()))
    if session:
        name = settings.SESSION_COOKIE_NAME
        headers.append((b"cookie", f"{name}={session}".encode()))
    return WebsocketCommunicator(application, f"/ws/slots/?{query}", headers=headers)


class Watching:
    """A socket that is open inside the block."""

    def __init__(self, query, **how):
        self.socket = socket(query, **how)

    async def __aenter__(self):
        assert (await self.socket.connect(timeout=5))[0]
        return self

    async def __aexit__(self, *error):
        await self.socket.disconnect(timeout=5)

    async def text(self, seconds=5):
        return await self.socket.receive_from(timeout=seconds)

    async def next(self, kind, seconds=5):
        """The next message of a kind; heartbeats come in between."""
        async with asyncio.timeout(seconds):
            while True:
                message = json.loads(await self.text(seconds))
                if message["type"] == kind:
                    return message

    async def fragment_of(self, slot, seconds=1):
        """The next frame of a page's socket that has markup of a slot."""
        async with asyncio.timeout(seconds):
            while f'id="slot-{slot.pk}"' not in (text := await self.text()):
                pass
            return text

    async def closed_with(self, seconds=5):
        async with asyncio.timeout(seconds):
            while True:
                message = await self.socket.receive_output(seconds)
                if message["type"] == "websocket.close":
                    return message["code"]


def in_clinic(work):
    """Run `work` as a request would: in another thread, inside riverside."""

    async def run(clinic, *args, **kwargs):
        def inside():
            with clinic_context(clinic):
                try:
                    return work(*args, **kwargs)
                finally:
                    connection.close()

        return await asyncio.to_thread(inside)

    return run


@in_clinic
def book(slot, **wishes):
    return appointments.book(
        slot_id=slot.pk, patient=make.new_patient(), by=None, via=PAGE, **wishes
    )


@in_clinic
def slots_of(doctor):
    return list(Slot.objects.filter(doctor=doctor).order_by("start"))


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


async def test_a_hold_that_runs_out_is_told_without_a_worker(committed, doctor):
    first, *_ = await slots_of(committed, doctor)
    async with Watching(of_week(doctor)) as page:
        await page.next("snapshot")
        await in_clinic(_hold_for_a_moment)(committed, first)
        held = await page.next("slotUpdated")
        lapsed = await page.next("slotUpdated")

    assert (held["slot"]["status"], held["slot"]["version"]) == ("held", 2)
    assert (lapsed["slot"]["status"], lapsed["slot"]["version"]) == ("free", 3)


def _hold_for_a_moment(slot):
    ago = locking.clock() - timedelta(minutes=4, seconds=59)
    holds.place(slot_id=slot.pk, holder="browser", now=ago)


async def test_sockets_of_another_clinic_doctor_or_day_hear_nothing(
    committed, harbor, doctor
):
    first, *_ = await slots_of(committed, doctor)
    another = await in_clinic(make.doctor)(committed)
    day = make.next_week(doctor) + timedelta(days=1)
    async with (
        Watching("format=json", slug="harbor") as elsewhere,
        Watching(of_week(another)) as other_doctor,
        Watching(of_week(doctor, **{"from": day, "to": day})) as other_day,
        Watching(of_week(doctor)) as page,
    ):
        for each in (elsewhere, other_doctor, other_day):
            assert (await each.next("snapshot"))["slots"] == []
        await page.next("snapshot")
        await book(committed, first)
        await page.next("slotUpdated")
        for each in (elsewhere, other_doctor, other_day):
            with pytest.raises(TimeoutError):
                await each.next("slotUpdated", 1)


@pytest.mark.parametrize(
    "origin",
    ["http://harbor.localhost:8000", "http://riverside.localhost", "null", "x"],
)
async def test_a_foreign_origin_is_refused(doctor, origin):
    assert not (await socket(of_week(doctor), origin=origin).connect(timeout=5))[0]


async def test_our_own_origin_is_let_in(doctor):
    async with Watching(of_week(doctor), origin="http://riverside.localhost:8000"):
        pass


@pytest.mark.parametrize(
    "query",
    [
        "doctor=1",
        "doctor=%00",
        "doctor=%ff",
        "from=tomorrow",
        "from=20260312",
        "from=2026-W12-1",
        "from=0001-01-01&to=0001-01-02",
        "from=9999-12-31&to=9999-12-31",
        "from=10000-01-01",
        "from=2026-02-30",
        "to=1999-01-01",
        "from=%F0%9F%99%82",
        "&".join(f"a{n}=1" for n in range(30)),
    ],
)
async def test_a_query_that_makes_no_sense_is_closed_as_such(committed, query):
    async with Watching(query) as page:
        assert await page.closed_with() == 4400


async def test_too_long_a_time_is_closed_and_62_days_are_not(doctor):
    day = make.next_week(doctor)
    async with Watching(of_week(doctor, to=day + timedelta(days=61))) as page:
        assert (await page.next("snapshot"))["slots"]
    async with Watching(of_week(doctor, to=day + timedelta(days=62))) as page:
        assert await page.closed_with() == 4400


async def test_a_doctor_of_another_clinic_does_not_exist_here(committed, harbor):
    foreign = await in_clinic(make.doctor)(harbor)
    async with Watching(of_week(foreign)) as page:
        assert await page.closed_with() == 4404


async def test_an_unknown_address_or_clinic_is_refused(committed):
    wrong = WebsocketCommunicator(
        application, "/ws/nothing/", headers=[(b"host", b"riverside.localhost")]
    )
    assert (await wrong.connect(timeout=5))[0] is False
    assert (await socket("", slug="nowhere").connect(timeout=5))[0] is False


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
        update = await page.next("slotUpdated", 5)

    assert update["slot"]["id"] == str(second.pk)


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
            await page.next("slotUpdated", 1)
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


async def test_a_socket_ends_with_its_session(committed, doctor):
    session = await in_clinic(_log_in)(committed)
    async with Watching(of_week(doctor), session=session.session_key) as page:
        await page.next("snapshot")
        await in_clinic(session.flush)(committed)
        assert await page.closed_with(6) == 4401


async def test_a_socket_ends_when_its_user_gets_another_role(committed, doctor):
    session = await in_clinic(_log_in)(committed)
    async with Watching(of_week(doctor), session=session.session_key) as page:
        await page.next("heartbeat")
        await in_clinic(_demote)(committed)
        assert await page.closed_with(6) == 4401


def _log_in():
    user = make.user(role="reception")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session


def _demote():
    User.objects.filter(role="reception").update(role="patient")


async def test_all_sockets_end_when_the_clinic_is_suspended(committed, doctor):
    async with Watching(of_week(doctor)) as page:
        await page.next("heartbeat")
        await asyncio.to_thread(_set_status, committed, "suspended")
        try:
            assert await page.closed_with(6) == 4401
        finally:
            await asyncio.to_thread(_set_status, committed, "active")


def _set_status(clinic, status):
    with platform_context():
        type(clinic).objects.filter(pk=clinic.pk).update(status=status)
    connection.close()


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
    assert f'<button name="slot" value="{first.pk}">' in snapshot
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
