"""Every websocket, with the other clinic's cookie, Origin and ids."""

import asyncio
import json

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connection, connections
from django.urls.resolvers import RegexPattern

from bookings.actions import appointments
from bookings.live.routing import websocket_urlpatterns
from bookings.models import Appointment
from bookings.tests import make
from config.asgi import application
from tenants import asgi
from tenants.context import clinic_context
from tenants.tests.isolation.checks import FOREIGN_ORIGINS
from tenants.tests.isolation.marks import marks_of
from tenants.tests.isolation.names import BEYOND, SAME, first_slot
from tenants.tests.isolation.visitors import visitors_of

HARBOR = "harbor.localhost:8000"
OWN = f"http://{HARBOR}"
TEACH = "A new websocket: say in SOCKETS what to ask it, so that it is attacked too."
# Each address of a websocket, and what to ask it for.
SOCKETS = {
    "ws/slots/": f"doctor={SAME.id('doctor-row')}&from={first_slot():%Y-%m-%d}",
}


@pytest.fixture
async def _closed(settled):
    """Channels' communicators keep the database's thread from doing it."""
    yield
    await database_sync_to_async(connections.close_all)()


def test_every_websocket_is_known_here():
    paths = [
        str(each.pattern)
        for each in websocket_urlpatterns
        if not (isinstance(each.pattern, RegexPattern) and not str(each.pattern))
    ]
    assert paths == list(SOCKETS), TEACH


def test_riversides_cookie_is_nobodys_at_harbor(twins):
    riverside, harbor = twins
    for role, visitor in visitors_of(riverside).items():
        cookie = "; ".join(f"{k}={v}" for k, v in visitor.cookies.items())
        met = asgi._admit({"host": HARBOR, "cookie": cookie})
        at_home = asgi._admit({"host": "riverside.localhost:8000", "cookie": cookie})
        assert met is not None
        assert at_home is not None
        assert (met[0], met[1].is_authenticated) == (harbor, False)
        assert at_home[1].is_authenticated is (role not in ("stranger", "guest"))


@pytest.mark.usefixtures("_closed")
@pytest.mark.parametrize("path", SOCKETS)
async def test_foreign_origins_open_nothing(settled, path):
    cookie = _cookie_of(await _in_thread(visitors_of)(settled[1]))
    for origin in FOREIGN_ORIGINS:
        sent = [("host", HARBOR), ("cookie", cookie), ("origin", origin)]
        assert not await _opens(path, sent), origin
    assert await _opens(path, [("host", HARBOR), ("cookie", cookie), ("origin", OWN)])


@pytest.mark.usefixtures("_closed")
@pytest.mark.parametrize("path", SOCKETS)
async def test_headers_that_come_twice_open_nothing(settled, path):
    twice = {
        "origin": [OWN, "http://riverside.localhost:8000"],
        "host": [HARBOR, "riverside.localhost:8000"],
    }
    for name, values in twice.items():
        for order in (values, values[::-1]):
            sent = [("host", HARBOR), ("origin", OWN)]
            sent = [pair for pair in sent if pair[0] != name]
            assert not await _opens(path, sent + [(name, each) for each in order])


@pytest.mark.usefixtures("_closed")
@pytest.mark.parametrize("kind", ["json", "html"])
async def test_frames_are_of_the_host_s_clinic(settled, kind):
    """Equal ids on both sides: what is booked at harbor is not told at riverside."""
    riverside, harbor = settled
    home = _socket(
        "ws/slots/", [("host", "riverside.localhost:8000")], f"format={kind}"
    )
    there = _socket("ws/slots/", [("host", HARBOR)], f"format={kind}")
    for each in (home, there):
        assert (await each.connect(timeout=5))[0]
    slot = str(SAME.id("slot-free"))
    told_first = [await _until(each, slot) for each in (home, there)]
    await _in_thread(_book)(harbor)
    told_there = await _until(there, slot)
    assert any("booked" in text or "Taken" in text for text in told_there)
    with pytest.raises(TimeoutError):
        await _until(home, slot, seconds=1)
    for each in (home, there):
        await each.disconnect(timeout=5)
    assert marks_of(harbor).seen_in(*told_first[0]) == []
    assert marks_of(riverside).seen_in(*told_first[1], *told_there) == []


@pytest.mark.usefixtures("_closed")
async def test_a_doctor_of_harbor_alone_is_unknown_at_riverside(settled):
    asked = f"doctor={BEYOND.id('doctor-row')}"
    for slug, code in (("riverside", 4404), ("harbor", None)):
        host = [("host", f"{slug}.localhost:8000")]
        socket = WebsocketCommunicator(
            application, f"/ws/slots/?{asked}", headers=_raw(host)
        )
        assert (await socket.connect(timeout=5))[0]
        first = await socket.receive_output(5)
        assert first.get("code") == code
        await socket.disconnect(timeout=5)


def _book(clinic):
    with clinic_context(clinic):
        return appointments.book(
            slot_id=SAME.id("slot-free"),
            patient=make.new_patient(),
            by=None,
            via=Appointment.Via.PAGE,
        )


def _cookie_of(visitors):
    return f"{settings.SESSION_COOKIE_NAME}={visitors['owner'].cookies[settings.SESSION_COOKIE_NAME]}"


def _socket(path, headers, more=""):
    asked = f"{SOCKETS[path]}&{more}"
    return WebsocketCommunicator(application, f"/{path}?{asked}", headers=_raw(headers))


def _raw(headers):
    return [(name.encode(), value.encode("latin1")) for name, value in headers]


async def _opens(path, headers) -> bool:
    socket = _socket(path, headers)
    is_open, _ = await socket.connect(timeout=5)
    if is_open:
        await socket.disconnect(timeout=5)
    return bool(is_open)


async def _until(socket, said: str, seconds: float = 5) -> list[str]:
    """Return the frames up to the next that says something; heartbeats do not count."""
    frames = []
    async with asyncio.timeout(seconds):
        while True:
            frames.append(await socket.receive_from(timeout=seconds))
            if said in frames[-1] and not _is_heartbeat(frames[-1]):
                return frames


def _is_heartbeat(frame: str) -> bool:
    return frame.startswith("{") and json.loads(frame)["type"] == "heartbeat"


def _in_thread(work):
    async def run(*args):
        def inside():
            try:
                return work(*args)
            finally:
                connection.close()

        return await asyncio.to_thread(inside)

    return run
