"""What tests of sockets use: a viewer, and doing things as a request would."""

import asyncio
import json

from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connection

from bookings.actions import appointments
from bookings.models import Appointment, Slot
from bookings.tests import make
from config.asgi import application
from tenants.context import clinic_context

PAGE = Appointment.Via.PAGE


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

    async def told_of(self, slot, seconds=5):
        """What the next message that tells of a slot says of it.

        Usually an update; a tick that finds the change before its event has come tells
        partners by a snapshot.
        """
        async with asyncio.timeout(seconds):
            while True:
                message = json.loads(await self.text(seconds))
                told = (
                    [message["slot"]] if "slot" in message else message.get("slots", [])
                )
                for each in told:
                    if each["id"] == str(slot.pk):
                        return each

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
