"""What many ask at the same time is done in one turn.

While one turn is at the database, those who come are gathered for the next: one
transaction, and one answer of PostgreSQL, for all of them. Nobody is served from a turn
that began before they asked, so what a turn reads is fresh to each of them.

Who asks the same clinic goes together. Where that is allowed, clinics go together, too:
each has its part in a turn, takes no more of it than the others, and is asked alone as soon
as a common turn fails. Who has to wait long at the database, for what somebody has locked,
is passed by. So one clinic's trouble delays its neighbours once, by one turn.

Who comes alone goes at once. But a turn of many is followed by many: those who got their
answer ask again, or others do. Where a turn costs much however few are in it, the next one
waits for nearly as many, for as long as the last one took. So turns neither begin with the
first two of a crowd, nor wait for a crowd that has left.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import UUID

from tenants.tasks import Tasks

if TYPE_CHECKING:
    from tenants.models import Clinic

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Party = tuple["Clinic", list[Asked]]  # what a clinic is asked in a turn
Answers = Sequence[Answer] | Exception  # to each of them, or why there are none
_Who = tuple[Asked, asyncio.Future[Answer]]
_Parties = list[tuple["Clinic", deque[_Who[Asked, Answer]]]]  # a turn's
Work = Callable[[Sequence[Party[Asked]]], Awaitable[Sequence[Answers[Answer]]]]

logger = logging.getLogger(__name__)

_FEW = 8  # are not divided into turns
_LONG = 0.05  # seconds; a turn that takes longer waits for somebody
_NEARLY_ALL = 0.9  # of as many as the last turn had


class FullError(Exception):
    """So many wait already that one more would wait too long."""


def alone(
    work: Callable[["Clinic", Sequence[Asked]], Awaitable[Sequence[Answer]]],
) -> Work[Asked, Answer]:
    """Work that is only ever done for one clinic."""

    async def of_one(parties: Sequence[Party[Asked]]) -> Sequence[Answers[Answer]]:
        [(clinic, asked)] = parties
        return [await work(clinic, asked)]

    return of_one


def _itself(clinic: "Clinic") -> Hashable:
    key: UUID = clinic.pk
    return key


class Turns(Generic[Asked, Answer]):
    """The queues of one kind of work; lives in one event loop.

    Args:
        work: answers each of those asked, in order. What it raises, all of them get; if
            there are several clinics, each is asked again, alone.
        most: how many are served in one turn.
        waiting: how many may wait, over all clinics.
        at_once: how many turns of those who go together may be on their way: while one is
            at the database, another is worked out. One more, if one of them takes long.
        gathering: for how many seconds at most a turn waits for as many as the last had.
        together: clinics for which it says the same share turns; by default, none do.
    """

    def __init__(
        self,
        work: Work[Asked, Answer],
        *,
        most: int,
        waiting: int,
        at_once: int = 1,
        gathering: float = 0.0,
        together: Callable[["Clinic"], Hashable] = _itself,
    ) -> None:
        self._work = work
        self._most = most
        self._room = waiting
        self._at_once = at_once
        self._gathering = gathering
        self._together = together
        self._queues: dict[Hashable, _Queue[Asked, Answer]] = {}
        self._apart: set[UUID] = set()  # clinics whose common turn failed
        self._running = Tasks()

    async def ask(self, clinic: "Clinic", asked: Asked) -> Answer:
        """Wait for one's turn.

        Raises:
            FullError: nothing was done; the caller should come back later.
        """
        if self._room <= 0:
            raise FullError
        is_apart = clinic.pk in self._apart
        queue = self._queue(clinic.pk if is_apart else self._together(clinic))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        queue.put(clinic, (asked, answer))
        self._depart_soon(queue)
        self._room -= 1
        try:
            return await answer
        finally:
            self._room += 1

    def _queue(self, group: Hashable) -> "_Queue[Asked, Answer]":
        queue = self._queues.get(group)
        if queue is None:
            queue = self._queues[group] = _Queue(group)
        return queue

    def _depart_soon(self, queue: "_Queue[Asked, Answer]") -> None:
        """Not at once: whose bytes are here already comes along."""
        if not queue.is_departing and queue.is_ready(self._at_once):
            queue.is_departing = True
            asyncio.get_running_loop().call_soon(self._depart, queue)

    def _depart(self, queue: "_Queue[Asked, Answer]") -> None:
        queue.is_departing = False
        while queue.is_ready(self._at_once):
            # If one took all of many, the next would have nobody to work out meanwhile.
            share = -(-(queue.waiting + queue.under_way) // self._at_once)
            if parties := queue.take(min(max(share, _FEW), self._most)):
                self._running.begin(self._take_turn(queue, parties))
        self._forget_idle(queue)

    def _forget_idle(self, queue: "_Queue[Asked, Answer]") -> None:
        if queue.is_idle:
            del self._queues[queue.group]
            self._apart -= {queue.group}

    async def _take_turn(
        self, queue: "_Queue[Asked, Answer]", parties: "_Parties[Asked, Answer]"
    ) -> None:
        asked = [(clinic, [what for what, _ in who]) for clinic, who in parties]
        loop, turn = asyncio.get_running_loop(), object()
        began = loop.time()
        patience = loop.call_later(_LONG, self._pass_by, queue, turn)
        try:
            answers = await self._work(asked)
        except Exception as error:
            if len(parties) > 1:
                logger.warning(
                    "%d clinics now go apart: %s", len(parties), type(error).__name__
                )
                self._go_apart(parties)
            else:
                _tell(parties[0][1], error)
        else:
            for (_, who), told in zip(parties, answers, strict=True):
                _tell(who, told)
        patience.cancel()
        had = queue.come_back(parties, turn)
        self._gather(queue, had, loop.time() - began)

    def _gather(self, queue: "_Queue[Asked, Answer]", had: int, seconds: float) -> None:
        """Have the next turn wait for as many as this one had, as long as it took."""
        if not self._gathering:
            self._end_gathering(queue)
            return
        if queue.gathering:
            queue.gathering.cancel()
        queue.expected = had * _NEARLY_ALL
        queue.gathering = asyncio.get_running_loop().call_later(
            min(seconds, self._gathering), self._end_gathering, queue
        )
        self._depart_soon(queue)

    def _end_gathering(self, queue: "_Queue[Asked, Answer]") -> None:
        queue.gathering, queue.expected = None, 0
        self._depart_soon(queue)
        self._forget_idle(queue)

    def _pass_by(self, queue: "_Queue[Asked, Answer]", turn: object) -> None:
        queue.late.add(turn)
        self._depart_soon(queue)

    def _go_apart(self, parties: "_Parties[Asked, Answer]") -> None:
        """Each clinic goes alone until nobody waits for it any more."""
        for clinic, who in parties:
            self._apart.add(clinic.pk)
            queue = self._queue(clinic.pk)
            for each in who:
                queue.put(clinic, each)
            self._depart_soon(queue)


class _Queue(Generic[Asked, Answer]):
    """Who waits for the clinics that go together."""

    def __init__(self, group: Hashable) -> None:
        self.group = group
        self.waiting = 0  # people
        self.turns = 0  # on their way
        self.late: set[object] = set()  # of these
        self.under_way = 0  # people in them
        self.is_departing = False
        self.expected = 0.0  # how many at least the next turn should have
        self.gathering: asyncio.TimerHandle | None = None  # until it goes without them
        self._of: dict[UUID, tuple[Clinic, deque[_Who[Asked, Answer]]]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits, is on the way, or is waited for."""
        return not (self.waiting or self.turns or self.gathering)

    def is_ready(self, at_once: int) -> bool:
        """Whether a turn is to begin: some wait, enough of them, and there is room."""
        has_room = self.turns < at_once + (1 if self.late else 0)
        return has_room and self.waiting > 0 and self.waiting >= self.expected

    def put(self, clinic: "Clinic", who: _Who[Asked, Answer]) -> None:
        if clinic.pk not in self._of:
            self._of[clinic.pk] = clinic, deque()
        self._of[clinic.pk][1].append(who)
        self.waiting += 1

    def take(self, most: int) -> "_Parties[Asked, Answer]":
        """Begin a turn of so many: one of each clinic, and again, while there are any."""
        taken: dict[UUID, tuple[Clinic, deque[_Who[Asked, Answer]]]] = {}
        room = most
        while self._of and room:
            for pk in list(self._of)[:room]:
                clinic, waiting = self._of.pop(pk)
                who = waiting.popleft()
                self.waiting -= 1
                if waiting:  # behind those who have had less
                    self._of[pk] = clinic, waiting
                if who[1].done():
                    continue  # has gone meanwhile, and wants nothing any more
                taken.setdefault(pk, (clinic, deque()))[1].append(who)
                room -= 1
        self.under_way += most - room
        self.turns += 1 if taken else 0
        return list(taken.values())

    def come_back(self, parties: "_Parties[Asked, Answer]", turn: object) -> int:
        """End the turn of these; return how many people they are."""
        had = sum(len(who) for _, who in parties)
        self.turns -= 1
        self.late.discard(turn)
        self.under_way -= had
        return had


def _tell(who: "deque[_Who[Asked, Answer]]", answers: Answers[Answer]) -> None:
    if isinstance(answers, Exception):
        for _, future in who:
            if not future.done():
                future.set_exception(answers)
        return
    for (_, future), answer in zip(who, answers, strict=True):
        if not future.done():
            future.set_result(answer)
