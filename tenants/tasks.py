"""Tasks that nobody waits for; the event loop itself keeps none of them alive."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Keeps tasks until they are done. What they raise is theirs to catch."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it in the running loop, soon."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def end(self) -> None:
        """Wait for all, however they end."""
        await asyncio.gather(*self._running, return_exceptions=True)
