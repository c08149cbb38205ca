"""One open page: what it watches, and a bounded queue of what it has still to be sent."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from bookings.live.ready import Ready
from bookings.live.viewers import Group, Variant, Window

BAD_QUERY, SESSION_ENDED, NOT_FOUND, TOO_SLOW = 4400, 4401, 4404, 4408

QUEUE = 64  # frames; who is further behind gets a snapshot on a new socket
CLOSE_WAIT = 2.0  # seconds that a laggard has to take the close frame

Send = Callable[[dict[str, Any]], Awaitable[None]]
# Writes whole frames at once; False if the other side is behind with reading.
Write = Callable[[bytes], bool]


class Socket:
    """A viewer. Idle, it costs no task but the server's own.

    Where the server lets us (`write`), ready frames are written at once. Otherwise, and
    to one who is behind, a task writes while there is something to write, so that one
    slow viewer makes nobody else wait.
    """

    __slots__ = (
        "_is_closed",
        "_queue",
        "_send",
        "_write_now",
        "_writer",
        "group",
        "session_key",
        "user",
    )

    def __init__(
        self,
        send: Send,
        group: Group,
        *,
        user: Any,
        session_key: str,
        write: Write | None = None,
    ) -> None:
        self.group = group
        self.user = user
        self.session_key = session_key
        self._send = send
        self._write_now = write
        self._queue: deque[str] | None = None  # an empty one costs most of the rest
        self._writer: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def window(self) -> Window:
        return self.group.window

    @property
    def variant(self) -> Variant:
        return self.group.variant

    def push(self, news: Ready) -> None:
        """Send frames now or soon; a laggard is closed, to come back for a snapshot."""
        if self._is_closed:
            return
        if self._writer is None and self._write_now and self._write_now(news.frames):
            return
        if self._queue is None:
            self._queue = deque()
        if len(self._queue) >= QUEUE:
            self.close(TOO_SLOW)
            return
        self._queue.extend(news.texts)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    def close(self, code: int) -> None:
        """Send nothing more but the close frame."""
        if self._is_closed:
            return
        self.drop()
        self._writer = asyncio.create_task(self._send_close(code))

    def drop(self) -> None:
        """Forget what is unsent: the other side has gone."""
        self._is_closed = True
        self._queue = None
        if self._writer:
            self._writer.cancel()

    async def _write(self) -> None:
        # The other side may go at any time; the server then says so to the receiver.
        with suppress(OSError, RuntimeError):
            while self._queue:
                text = self._queue.popleft()
                await self._send({"type": "websocket.send", "text": text})
        self._writer = self._queue = None

    async def _send_close(self, code: int) -> None:
        with suppress(OSError, RuntimeError, TimeoutError):
            await asyncio.wait_for(
                self._send({"type": "websocket.close", "code": code}), CLOSE_WAIT
            )
