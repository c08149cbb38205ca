"""Each web server by its setting: pages, live frames, and an end when told to."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest
import websockets
from django.conf import settings

from bookings.tests import make
from bookings.tests.live.watching import of_week
from bookings.tests.processes import start_daphne

pytestmark = pytest.mark.xdist_group("processes")


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_a_server_answers_sends_live_frames_and_ends_on_sigterm(committed, server):
    make.practice()
    doctor = make.doctor()
    make.slots(doctor)
    web = start_daphne({"SERVER": server})
    try:
        web.wait_until_ready()
        assert asyncio.run(_first_frame(web.port, of_week(doctor))).startswith(
            '{"type":"snapshot"'
        )
        web.process.terminate()
        web.process.wait(10)
    finally:
        web.stop()


async def _first_frame(port: int, query: str) -> Any:
    url = f"ws://riverside.localhost:{port}/ws/slots/?{query}"
    async with websockets.connect(url, host="127.0.0.1", port=port) as page:
        return await page.recv()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SERVER", "apache", "SERVER must be daphne or uvicorn, not 'apache'."),
        ("WEB_PROCESSES", "many", "WEB_PROCESSES must be a number from 1, not 'many'."),
        ("WEB_PROCESSES", "0", "WEB_PROCESSES must be a number from 1, not '0'."),
    ],
)
def test_a_wrong_choice_of_server_is_said_in_plain_words(name, value, words):
    code = f"import os; os.environ[{name!r}] = {value!r}; import config.settings"
    asked = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 1
    assert words in asked.stderr.splitlines()[-1]
