"""One connection to Redis that hears the events of all clinics watched in this process.

Redis publishes to whoever listens now: once a lost connection is back, the hub is told
whose events it may have missed.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from redis import asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bookings.live.events import Event, channel

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # seconds between two tries to connect


class Subscription:
    """Runs while something is watched; comes back by itself after Redis was away."""

    def __init__(
        self, heard: Callable[[UUID, Event], None], was_deaf: Callable[[UUID], None]
    ) -> None:
        self._heard = heard
        self._was_deaf = was_deaf
        self._watched: dict[str, UUID] = {}
        self._confirmed: dict[str, asyncio.Event] = {}
        self._deaf: set[str] = set()  # watched while there was no connection
        self._pubsub: Any = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        return self._pubsub is not None

    def hears(self, clinic_id: UUID) -> bool:
        """Whether Redis has confirmed that we hear a clinic, and still should."""
        confirmed = self._confirmed.get(channel(clinic_id))
        return confirmed is not None and confirmed.is_set()

    async def watch(self, clinic_id: UUID) -> None:
        """Hear a clinic's events; returns when Redis has confirmed it."""
        name = channel(clinic_id)
        self._watched[name] = clinic_id
        confirmed = self._confirmed.setdefault(name, asyncio.Event())
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        elif self._pubsub and not confirmed.is_set():
            # A lost connection is noticed, and repaired, by the task that listens.
            with suppress(RedisError, OSError):
                await self._pubsub.subscribe(name)
        await confirmed.wait()

    async def unwatch(self, clinic_id: UUID) -> None:
        """Stop hearing a clinic; the last one closes the connection."""
        name = channel(clinic_id)
        self._watched.pop(name, None)
        self._confirmed.pop(name, None)
        if self._watched and self._pubsub:
            with suppress(RedisError, OSError):
                await self._pubsub.unsubscribe(name)
        elif not self._watched and self._task:
            self._task.cancel()
            self._task = self._pubsub = None

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                async with _connect() as client, client.pubsub() as pubsub:
                    await self._subscribe(pubsub)
                    pause = FIRST_PAUSE
                    await self._listen(pubsub)
            except (RedisError, OSError) as error:
                logger.warning("no live events from Redis, trying again: %r", error)
                self._lose()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _subscribe(self, pubsub: Any) -> None:
        names = set(self._watched)
        await pubsub.subscribe(*names)
        self._pubsub = pubsub
        if late := set(self._watched) - names:
            await pubsub.subscribe(*late)

    async def _listen(self, pubsub: Any) -> None:
        while True:
            message = await pubsub.get_message(timeout=None)
            if message is None:
                continue
            name = message["channel"].decode()
            if message["type"] == "subscribe":
                self._confirm(name)
            elif message["type"] == "message" and name in self._watched:
                self._tell(self._watched[name], message["data"])

    def _confirm(self, name: str) -> None:
        if name in self._confirmed:
            self._confirmed[name].set()
        if name in self._deaf and name in self._watched:
            self._was_deaf(self._watched[name])
        self._deaf.discard(name)

    def _tell(self, clinic_id: UUID, data: bytes) -> None:
        try:
            self._heard(clinic_id, json.loads(data))
        except (ValueError, KeyError, TypeError):
            # Another release may be running beside us; revisions find what it meant.
            logger.warning("live event not understood", exc_info=True)

    def _lose(self) -> None:
        self._pubsub = None
        self._deaf |= set(self._watched)
        for confirmed in self._confirmed.values():
            confirmed.clear()


def _connect() -> "redis.Redis":
    """Connect without retries of its own, which would hide what was missed.

    No socket timeout: an idle subscription is not a broken one.
    """
    client: redis.Redis = redis.from_url(
        settings.REDIS_URL,
        socket_timeout=None,
        socket_connect_timeout=settings.REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
    return client
