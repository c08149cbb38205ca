"""What many ask at once is done in one turn, and nobody is served stale."""

import asyncio
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from tenants.models import Clinic
from tenants.turns import FullError, Turns, alone


@dataclass
class Work:
    """Doubles numbers; remembers which came together, and waits when told to."""

    batches: list[list[int]] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: int = 0
    most_at_work: int = 0

    async def __call__(self, clinic, asked):
        self.batches.append(list(asked))
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        await self.go_on.wait()
        self.at_work -= 1
        if 13 in asked:
            raise LookupError
        return [2 * number for number in asked]


def _clinic():
    return Clinic(pk=uuid4())


async def _asked(turns, clinic, numbers):
    asking = [asyncio.create_task(turns.ask(clinic, n)) for n in numbers]
    for _ in range(5):
        await asyncio.sleep(0)
    return asking


def test_who_asks_during_a_turn_comes_along_in_the_next():
    async def scene():
        work, clinic = Work(), _clinic()
        turns = Turns(alone(work), most=10, waiting=10)
        first = await _asked(turns, clinic, [1])
        later = await _asked(turns, clinic, [2, 3, 4])
        work.go_on.set()
        assert await asyncio.gather(*first, *later) == [2, 4, 6, 8]
        return work.batches

    assert asyncio.run(scene()) == [[1], [2, 3, 4]]


def test_those_who_ask_at_the_same_moment_share_the_first_turn():
    async def scene():
        work, clinic = Work(), _clinic()
        work.go_on.set()
        turns = Turns(alone(work), most=3, waiting=10)
        await asyncio.gather(*(turns.ask(clinic, n) for n in range(5)))
        return work.batches

    assert asyncio.run(scene()) == [[0, 1, 2], [3, 4]]


def test_clinics_do_not_wait_for_each_other():
    async def scene():
        work = Work()
        turns = Turns(alone(work), most=10, waiting=10)
        asking = await _asked(turns, _clinic(), [1]) + await _asked(
            turns, _clinic(), [2]
        )
        work.go_on.set()
        await asyncio.gather(*asking)
        return work.batches

    assert asyncio.run(scene()) == [[1], [2]]


def test_several_turns_of_a_clinic_may_be_on_their_way():
    async def scene():
        work, clinic = Work(), _clinic()
        turns = Turns(alone(work), most=1, waiting=10, at_once=2)
        asking = await _asked(turns, clinic, [1, 2, 3])
        work.go_on.set()
        await asyncio.gather(*asking)
        return work.most_at_work

    assert asyncio.run(scene()) == 2


def test_a_turn_that_takes_long_is_passed_by_once():
    async def scene():
        work, clinic = Work(), _clinic()
        turns = Turns(alone(work), most=1, waiting=10)
        asking = await _asked(turns, clinic, [1, 2, 3])
        assert work.at_work == 1
        await asyncio.sleep(0.2)
        assert work.at_work == 2
        work.go_on.set()
        assert await asyncio.gather(*asking) == [2, 4, 6]
        return work

    work = asyncio.run(scene())
    assert (work.batches, work.most_at_work) == ([[1], [2], [3]], 2)


async def _after_a_turn_of_four():
    """Work at which a turn of four took 0.3 s, and who asks it next."""
    work, clinic = Work(), _clinic()
    turns = Turns(alone(work), most=10, waiting=20, gathering=60)
    asking = await _asked(turns, clinic, [1, 2, 3, 4])
    await asyncio.sleep(0.3)
    work.go_on.set()
    await asyncio.gather(*asking)
    return work, turns, clinic


def test_a_turn_waits_for_nearly_as_many_as_the_last_one_had():
    async def scene():
        work, turns, clinic = await _after_a_turn_of_four()
        asking = await _asked(turns, clinic, [5, 6, 7])
        assert len(work.batches) == 1
        asking += await _asked(turns, clinic, [8])
        await asyncio.gather(*asking)
        return work.batches

    assert asyncio.run(scene()) == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_it_waits_no_longer_than_the_last_one_took():
    async def scene():
        work, turns, clinic = await _after_a_turn_of_four()
        async with asyncio.timeout(10):
            assert await turns.ask(clinic, 5) == 10
        return work.batches

    assert asyncio.run(scene()) == [[1, 2, 3, 4], [5]]


def test_who_comes_after_that_goes_at_once():
    async def scene():
        work, turns, clinic = await _after_a_turn_of_four()
        await asyncio.sleep(0.6)
        assert not turns._queues
        asking = await _asked(turns, clinic, [5])
        gone = list(work.batches)
        await asyncio.gather(*asking)
        return gone

    assert asyncio.run(scene()) == [[1, 2, 3, 4], [5]]


def test_an_error_is_told_to_those_of_the_turn_and_to_nobody_else():
    async def scene():
        work, clinic = Work(), _clinic()
        turns = Turns(alone(work), most=2, waiting=10)
        asking = await _asked(turns, clinic, [1, 13, 3])
        work.go_on.set()
        return await asyncio.gather(*asking, return_exceptions=True)

    first, second, third = asyncio.run(scene())
    assert isinstance(first, LookupError)
    assert isinstance(second, LookupError)
    assert third == 6


def test_one_too_many_is_told_at_once():
    async def scene():
        work, clinic = Work(), _clinic()
        turns = Turns(alone(work), most=1, waiting=2)
        asking = await _asked(turns, clinic, [1, 2])
        with pytest.raises(FullError):
            await turns.ask(clinic, 3)
        work.go_on.set()
        assert await asyncio.gather(*asking) == [2, 4]
        assert await turns.ask(clinic, 3) == 6  # there is room again

    asyncio.run(scene())


def test_who_has_gone_is_not_worked_for():
    async def scene():
        work, clinic = Work(), _clinic()
        turns = Turns(alone(work), most=10, waiting=10)
        first = await _asked(turns, clinic, [1])
        gone, stays = await _asked(turns, clinic, [2, 3])
        gone.cancel()
        work.go_on.set()
        assert await asyncio.gather(*first, stays) == [2, 6]
        return work.batches

    assert asyncio.run(scene()) == [[1], [3]]


def test_nothing_is_kept_of_clinics_that_are_done():
    async def scene():
        work = Work()
        work.go_on.set()
        turns = Turns(alone(work), most=10, waiting=10)
        for _ in range(3):
            await turns.ask(_clinic(), 1)
        await asyncio.sleep(0)
        return len(turns._queues), len(turns._apart), len(turns._running)

    assert asyncio.run(scene()) == (0, 0, 0)


# Clinics that go together -----------------------------------------------------------------


@dataclass
class Common:
    """Doubles numbers of several clinics; with 13 in it, it fails for all of them."""

    turns: list[dict[str, list[int]]] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, parties):
        self.turns.append({clinic.slug: list(asked) for clinic, asked in parties})
        await self.go_on.wait()
        if any(13 in asked for _, asked in parties):
            raise LookupError
        return [[2 * number for number in asked] for _, asked in parties]


A, B, C = (Clinic(pk=uuid4(), slug=slug) for slug in "abc")


def _common(work, **limits):
    defaults = {"most": 10, "waiting": 100}
    return Turns(work, together=lambda _: "all", **defaults | limits)


def test_clinics_may_share_a_turn_and_each_gets_its_own_answers():
    async def scene():
        work = Common()
        work.go_on.set()
        turns = _common(work)
        asking = [(A, 1), (B, 2), (A, 3), (C, 4)]
        got = await asyncio.gather(*(turns.ask(*each) for each in asking))
        return got, work.turns

    got, turns = asyncio.run(scene())
    assert got == [2, 4, 6, 8]
    assert turns == [{"a": [1, 3], "b": [2], "c": [4]}]


def test_none_takes_more_of_a_turn_than_the_others():
    async def scene():
        work = Common()
        work.go_on.set()
        turns = _common(work, most=4)
        asking = [*((A, n) for n in range(6)), (B, 10), (B, 11), (C, 20)]
        await asyncio.gather(*(turns.ask(*each) for each in asking))
        return work.turns

    first, second, third = asyncio.run(scene())
    assert first == {"a": [0, 1], "b": [10], "c": [20]}
    assert second == {"b": [11], "a": [2, 3, 4]}
    assert third == {"a": [5]}


def test_when_a_common_turn_fails_each_is_asked_alone():
    async def scene():
        work = Common()
        work.go_on.set()
        turns = _common(work)
        asking = [(A, 1), (B, 13), (B, 2), (C, 3)]
        told = await asyncio.gather(
            *(turns.ask(*each) for each in asking), return_exceptions=True
        )
        return told, work.turns

    (one, unlucky, with_it, three), turns = asyncio.run(scene())
    assert (one, three) == (2, 6)
    assert isinstance(unlucky, LookupError)
    assert isinstance(with_it, LookupError)
    assert turns[1:] == [{"a": [1]}, {"b": [13, 2]}, {"c": [3]}]


def test_who_is_alone_stays_alone_while_anybody_waits_for_it():
    """Else each common turn would fail again: its neighbours would wait each time."""

    async def scene():
        work = Common()
        turns = _common(work)
        first = [asyncio.create_task(turns.ask(*each)) for each in ((A, 1), (B, 13))]
        await asyncio.sleep(0.01)
        work.go_on.set()  # the common turn fails
        await asyncio.sleep(0)
        work.go_on.clear()  # both are at work alone
        await asyncio.sleep(0.01)
        more = [asyncio.create_task(turns.ask(*each)) for each in ((B, 2), (C, 3))]
        await asyncio.sleep(0.01)
        work.go_on.set()
        await asyncio.gather(*first, *more, return_exceptions=True)
        await asyncio.sleep(0)
        later = await asyncio.gather(turns.ask(A, 4), turns.ask(B, 5))
        return work.turns, later

    turns, later = asyncio.run(scene())
    assert turns[:3] == [{"a": [1], "b": [13]}, {"a": [1]}, {"b": [13]}]
    assert turns[3:5] == [{"c": [3]}, {"b": [2]}]
    assert (turns[5], later) == ({"a": [4], "b": [5]}, [8, 10])
