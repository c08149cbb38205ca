"""Sockets that come and go at two clinics, and read whose frames they are sent."""

import asyncio
import json
import random
import re
import time
from dataclasses import dataclass

from django.conf import settings
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tenants.models import Clinic
from tenants.tests.isolation.marks import marks_of
from tenants.tests.isolation.mixing import Tally, own_versions
from tenants.tests.isolation.names import BEYOND, SAME, first_slot
from tenants.tests.isolation.visitors import Visitor

# Slots that harbor alone has.
_BEYOND = [
    str(BEYOND.id(f"slot-{what}"))
    for what in ("booked", "held", "free", "blocked", "later")
]
FIRST_FRAME = 20  # seconds at most, on a machine that has much to do
_VERSION = re.compile(r'data-version="(\d+)"')


@dataclass
class Watcher:
    """One open page after the other; some are left in the middle of a frame."""

    clinics: tuple[Clinic, Clinic]
    visitors: dict[str, dict[str, Visitor]]
    port: int
    tally: Tally
    seed: int

    async def run_until(self, until: float) -> None:
        dice = random.Random(self.seed)
        while time.monotonic() < until:
            clinic, whose = dice.choice(self.clinics), dice.choice(self.clinics)
            try:
                await self._watch(clinic, whose, dice, until)
            except (WebSocketException, OSError, TimeoutError) as error:
                self.tally.count(f"socket: {type(error).__name__}")
                await asyncio.sleep(0.05)

    async def _watch(
        self, clinic: Clinic, whose: Clinic, dice: random.Random, until: float
    ) -> None:
        kind = dice.choice(["json", "html"])
        host = f"{clinic.slug}.localhost:{self.port}"
        doctor = dice.choice([f"&doctor={SAME.id('doctor-row')}", ""])
        asked = f"format={kind}&from={first_slot():%Y-%m-%d}{doctor}"
        session = self.visitors[whose.slug]["owner"].cookies
        cookie = (
            f"{settings.SESSION_COOKIE_NAME}={session[settings.SESSION_COOKIE_NAME]}"
        )
        async with connect(
            f"ws://{host}/ws/slots/?{asked}",
            host="127.0.0.1",
            port=self.port,
            additional_headers={"Cookie": cookie},
            origin=f"http://{host}",  # type: ignore[arg-type]
            open_timeout=20,
            close_timeout=1,
        ) as socket:
            self.tally.count("sockets opened")
            self._check(clinic, str(await asyncio.wait_for(socket.recv(), FIRST_FRAME)))
            end = min(until, time.monotonic() + dice.uniform(0.5, 3))
            while (left := end - time.monotonic()) > 0:
                try:
                    frame = await asyncio.wait_for(socket.recv(), left)
                except TimeoutError:
                    return
                self._check(clinic, str(frame))

    def _check(self, clinic: Clinic, frame: str) -> None:
        self.tally.count("frames")
        versions = own_versions(clinic)
        for version in _versions_in(frame):
            self.tally.count("slots in frames")
            if version not in versions:
                self.tally.accuse(f"{clinic.slug} was sent version {version}")
        for other in self.clinics:
            if other != clinic and marks_of(other).seen_in(frame):
                self.tally.accuse(f"{clinic.slug} was sent {other.slug}'s marks")
        if clinic.slug == "riverside" and any(each in frame for each in _BEYOND):
            self.tally.accuse("riverside was sent a slot of harbor alone")


def _versions_in(frame: str) -> list[int]:
    if not frame.startswith("{"):
        return [int(found) for found in _VERSION.findall(frame)]
    message = json.loads(frame)
    told = [message["slot"]] if "slot" in message else message.get("slots", [])
    return [each["version"] for each in told]
