"""What many ask of a clinic at the same time is done in one turn.

While one turn is at the database, those who come are gathered for the next: one
transaction, and one answer of PostgreSQL, for all of them. Nobody is served from a turn
that began before they asked, so what a turn reads is fresh to each of them.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from tenants.models import Clinic

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Work = Callable[["Clinic", Sequence[Asked]], Awaitable[Sequence[Answer]]]


class FullError(Exception):
    """So many wait already that one more would wait too long."""


class Turns(Generic[Asked, Answer]):
    """The queues of one kind of work, one per clinic; lives in one event loop.

    Args:
        work: answers each of those asked, in order. What it raises, all of them get.
        most: how many are served in one turn.
        waiting: how many may wait, over all clinics.
        at_once: how many turns of one clinic may be on their way: while one is at the
            database, another is worked out.
    """

    def __init__(
        self, work: Work[Asked, Answer], *, most: int, waiting: int, at_once: int = 1
    ) -> None:
        self._work = work
        self._most = most
        self._room = waiting
        self._at_once = at_once
        self._queues: dict[UUID, deque[tuple[Asked, asyncio.Future[Answer]]]] = {}
        self._serving: Counter[UUID] = Counter()
        self._running: set[asyncio.Task[None]] = set()

    async def ask(self, clinic: "Clinic", asked: Asked) -> Answer:
        """Wait for one's turn.

        Raises:
            FullError: nothing was done; the caller should come back later.
        """
        if self._room <= 0:
            raise FullError
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        queue = self._queues.setdefault(clinic.pk, deque())
        queue.append((asked, answer))
        if self._serving[clinic.pk] < self._at_once:
            self._serving[clinic.pk] += 1
            task = asyncio.create_task(self._serve(clinic, queue))
            self._running.add(task)  # the loop itself keeps no task alive
            task.add_done_callback(self._running.discard)
        self._room -= 1
        try:
            return await answer
        finally:
            self._room += 1

    async def _serve(
        self,
        clinic: "Clinic",
        queue: "deque[tuple[Asked, asyncio.Future[Answer]]]",
    ) -> None:
        await asyncio.sleep(0)  # whose bytes are here already comes along
        while queue:
            batch = [queue.popleft() for _ in range(min(len(queue), self._most))]
            # Who has gone meanwhile wants nothing any more.
            batch = [each for each in batch if not each[1].done()]
            await self._take_turn(clinic, batch)
        self._serving[clinic.pk] -= 1
        if not self._serving[clinic.pk]:
            del self._serving[clinic.pk], self._queues[clinic.pk]

    async def _take_turn(
        self, clinic: "Clinic", batch: "list[tuple[Asked, asyncio.Future[Answer]]]"
    ) -> None:
        if not batch:
            return
        try:
            answers = await self._work(clinic, [asked for asked, _ in batch])
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
