"""Who may watch what, and for how long."""

import asyncio
from datetime import timedelta

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from accounts.models import User
from bookings.tests import make
from bookings.tests.live.watching import (
    Watching,
    book,
    in_clinic,
    of_week,
    slots_of,
    socket,
)
from config.asgi import application
from tenants.context import platform_context

pytestmark = pytest.mark.usefixtures("quick_ticks", "closed_connections")


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
        await page.told_of(first)
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
