"""Each web server by its setting: pages, live frames, and an end when told to."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import httpx
import pytest
import websockets
from django.conf import settings

from bookings.tests import make
from bookings.tests.live.watching import of_week
from bookings.tests.processes import Daphne, free_port, start_daphne, start_python
from config import web

pytestmark = pytest.mark.xdist_group("processes")


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_a_server_answers_sends_live_frames_and_ends_on_sigterm(committed, server):
    make.practice()
    doctor = make.doctor()
    slots = make.slots(doctor)
    one = start_daphne({"SERVER": server})
    try:
        one.wait_until_ready()
        first, second = asyncio.run(_frames(one.port, doctor, slots[0]))
        assert first.startswith('{"type":"snapshot"')
        assert second.startswith('{"type":"slotUpdated"')
        assert str(slots[0].pk) in second
        one.process.terminate()
        one.process.wait(10)
    finally:
        one.stop()


async def _frames(port: int, doctor: Any, slot: Any) -> tuple[str, str]:
    """Watch a doctor's times while a guest books one: snapshot and news."""
    there: Any = {"host": "127.0.0.1", "port": port}
    url = f"ws://riverside.localhost:{port}/ws/slots/?{of_week(doctor)}"
    guest = {"name": "Can Kaya", "email": "can@mail.example"}
    async with websockets.connect(url, **there) as page, httpx.AsyncClient() as client:
        first = await page.recv()
        made = await client.post(
            f"http://127.0.0.1:{port}/api/v1/appointments/",
            headers={"host": "riverside.localhost"},
            json={"slot": str(slot.pk), "patient": guest},
        )
        assert made.status_code == 201
        return str(first), str(await asyncio.wait_for(page.recv(), 10))


def test_processes_that_share_a_port_stand_in_for_each_other(committed):
    del committed
    port = free_port()
    command = web.command("uvicorn", "127.0.0.1", port, is_shared=True)
    pair = [Daphne(start_python(command, {}, port=port), port) for _ in range(2)]
    try:
        for each in pair:
            each.wait_until_ready()
        pair[0].stop()
        pair[1].wait_until_ready()
    finally:
        for each in pair:
            each.stop()


@pytest.mark.parametrize(
    ("environment", "connections"),
    [
        ({"WEB_PROCESSES": "1"}, "8"),
        ({"WEB_PROCESSES": "2"}, "4"),
        ({"WEB_PROCESSES": "2", "DATABASE_ASYNC_POOL": "6"}, "6"),
    ],
)
def test_each_of_several_processes_has_one_lane(environment, connections):
    assert _read_settings(**environment).stdout.strip() == connections


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SERVER", "apache", "SERVER must be daphne or uvicorn, not 'apache'."),
        ("WEB_PROCESSES", "many", "WEB_PROCESSES must be a number from 1, not 'many'."),
        ("WEB_PROCESSES", "0", "WEB_PROCESSES must be a number from 1, not '0'."),
    ],
)
def test_a_wrong_choice_of_server_is_said_in_plain_words(name, value, words):
    asked = _read_settings(**{name: value})

    assert asked.returncode == 1
    assert words in asked.stderr.splitlines()[-1]


def _read_settings(**environment: str) -> "subprocess.CompletedProcess[str]":
    """Have another process read them, and print one."""
    code = "from config import settings; print(settings.DATABASE_ASYNC_POOL)"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
