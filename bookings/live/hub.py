"""Brings changes to the open pages of this process.

Events are hints. A `Feed` knows which version of each slot its sockets were sent. When
an event names a day, it reads that day and sends what differs; every few seconds it
compares the days' revisions, which finds what an event that was lost has hidden. So a
Redis that is gone makes changes late by seconds, never wrong.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async

from bookings.live import frames
from bookings.live.events import Event
from bookings.live.ledger import Ledger
from bookings.live.ready import Ready
from bookings.live.rest import SHORTEST, Rest
from bookings.live.socket import SESSION_ENDED, Socket
from bookings.live.subscription import Subscription
from bookings.live.viewers import DayKey, Group

if TYPE_CHECKING:
    from tenants.models import Clinic

logger = logging.getLogger(__name__)

TICK = 4.0  # seconds between two looks at revisions, sessions and the clinic (≤ 5)
HEARTBEAT_TICKS = 2
SUBSCRIBE_WAIT = 1.0  # seconds a newcomer waits for Redis before it goes on without


class Hub:
    """The feeds of one event loop, by clinic."""

    def __init__(self) -> None:
        self._feeds: dict[UUID, Feed] = {}
        self._subscription = Subscription(self._heard, self._was_deaf)

    async def join(self, clinic: "Clinic", socket: Socket) -> None:
        """Subscribe first, then have a snapshot sent."""
        feed = self._feeds.get(clinic.pk)
        if feed is None:
            feed = self._feeds[clinic.pk] = Feed(clinic, self._subscription)
            feed.start()
        feed.sockets.add(socket)
        if not self._subscription.hears(clinic.pk):
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    self._subscription.watch(clinic.pk), timeout=SUBSCRIBE_WAIT
                )
        feed.greet(socket)

    async def leave(self, clinic: "Clinic", socket: Socket) -> None:
        feed = self._feeds.get(clinic.pk)
        if feed is None:
            return
        feed.sockets.discard(socket)
        if not feed.sockets:
            del self._feeds[clinic.pk]
            feed.stop()
            await self._subscription.unwatch(clinic.pk)

    def _heard(self, clinic_id: UUID, event: Event) -> None:
        if feed := self._feeds.get(clinic_id):
            feed.touch(event)

    def _was_deaf(self, clinic_id: UUID) -> None:
        if feed := self._feeds.get(clinic_id):
            feed.resync()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running loop; a process has one."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


class Feed:
    """The sockets of one clinic, and the task that tells them what is new."""

    def __init__(self, clinic: "Clinic", subscription: Subscription) -> None:
        self.sockets: set[Socket] = set()
        self._ledger = Ledger(clinic)
        self._subscription = subscription
        self._newcomers: set[Socket] = set()
        self._greeted: set[Socket] = set()  # had a snapshot, so updates make sense
        self._touched: set[DayKey] = set()
        self._wake = asyncio.Event()
        self._ticks = 0
        self._rest = Rest(_time())
        self._next_tick = _time() + TICK
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        if self._task:
            self._task.cancel()

    def greet(self, socket: Socket) -> None:
        """Send a snapshot to a socket, with the next turn."""
        self._newcomers.add(socket)
        self._wake.set()

    def resync(self) -> None:
        """Send snapshots to all: nobody knows what they have missed."""
        self._newcomers |= self._greeted
        self._wake.set()

    def touch(self, event: Event) -> None:
        """Look at the days that an event names, with the next turn."""
        named = [(slot["doctor"], slot["day"]) for slot in event["slots"]]
        named += [(doctor, day) for doctor, day in event["days"]]
        keys = {(UUID(doctor), date.fromisoformat(day)) for doctor, day in named}
        windows = {group.window for group in {each.group for each in self.sockets}}
        watched = {k for k in keys if any(window.has_day(k) for window in windows)}
        if watched:
            self._touched |= watched
            self._wake.set()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                pause = max(self._next_tick - _time(), 0)
                await asyncio.wait_for(self._wake.wait(), pause)
            self._wake.clear()
            rest = SHORTEST
            try:
                rest = await self._turn()
            except Exception:
                # PostgreSQL may be away. What was touched is found by its revision.
                logger.exception("live turn failed, trying again with the next tick")
            await asyncio.sleep(rest)

    async def _turn(self) -> float:
        """Look, and tell; returns for how many seconds to rest."""
        is_tick = _time() >= self._next_tick
        if is_tick:
            self._next_tick = _time() + TICK
            self._ticks += 1
        newcomers, self._newcomers = self._newcomers & self.sockets, set()
        touched, self._touched = self._touched, set()
        self._greeted &= self.sockets
        # The ledger works in a thread: it gets a list that nobody changes.
        present = list(self._greeted | newcomers)
        look = database_sync_to_async(self._ledger.look)
        self._ledger.is_live = self._subscription.is_up
        try:
            news = await look(present, newcomers, touched, check=is_tick)
        except Exception:
            self._newcomers |= newcomers
            raise
        self._greeted |= newcomers
        began = _time()
        for socket in news.dismissed:
            socket.close(SESSION_ENDED)
        for sockets, ready in news.texts:
            for socket in sockets:
                socket.push(ready)
        if is_tick and self._ticks % HEARTBEAT_TICKS == 0:
            self._beat()
        cost = news.cost + _time() - began
        if newcomers:
            return self._rest.after_greeting(cost)
        return self._rest.after(cost, _time())

    def _beat(self) -> None:
        made: dict[Group, Ready] = {}
        for socket in self._greeted:
            group = socket.group
            if group not in made:
                text = frames.heartbeat(
                    self._ledger.version_of(group.window),
                    group.variant,
                    is_live=self._subscription.is_up,
                )
                made[group] = Ready([text])
            socket.push(made[group])


def _time() -> float:
    return asyncio.get_running_loop().time()
