"""Redis without the client library: answers find who asked, and a lost line is renewed."""

import asyncio

import pytest
from django.conf import settings
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tenants.rediswire import RedisWire


def _played(play, url="", timeout=1.0):
    async def main():
        wire = RedisWire(url or settings.REDIS_URL, timeout)
        try:
            return await play(wire)
        finally:
            wire.close()

    return asyncio.run(main())


def test_each_gets_the_answers_to_their_own_questions():
    async def play(wire):
        asked = [
            wire.ask(("ECHO", n), ("ECHO", b"\xff\r\n"), ("INCRBY", "wire:n", 0))
            for n in range(200)
        ]
        return await asyncio.gather(*asked)

    replies = _played(play)

    assert [int(reply[0]) for reply in replies] == list(range(200))
    assert {reply[1] for reply in replies} == {b"\xff\r\n"}


def test_a_refused_command_is_an_error_and_the_line_goes_on():
    async def play(wire):
        with pytest.raises(ResponseError):
            await wire.ask(("ECHO", "a"), ("NOSUCH",), ("ECHO", "b"))
        return await wire.ask(("ECHO", "c"))

    assert _played(play) == [b"c"]


def test_a_lost_line_is_renewed():
    async def play(wire):
        [me] = await wire.ask(("CLIENT", "ID"))
        killed = wire.ask(("CLIENT", "KILL", "ID", me, "SKIPME", "no"), ("PING",))
        with pytest.raises(RedisError):
            await killed
        [other] = await wire.ask(("CLIENT", "ID"))
        return me, other

    before, after = _played(play)
    assert before != after


def test_no_answer_in_time_is_an_error_and_never_another_s_answer():
    async def play(wire):
        slow = wire.ask(("BLPOP", "wire:nothing", 1))
        with pytest.raises(RedisTimeoutError):
            await slow
        return await wire.ask(("ECHO", "mine"))

    assert _played(play, timeout=0.2) == [b"mine"]


def test_who_gives_up_leaves_no_answer_to_others():
    async def play(wire):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wire.ask(("BLPOP", "wire:nothing", 0.3)), 0.1)
        return await wire.ask(("ECHO", "mine"))

    assert _played(play) == [b"mine"]


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1:1/0", "unix:///nowhere/valkey.sock", "rediss://127.0.0.1:1"],
)
def test_nobody_there_is_an_error(url):
    async def play(wire):
        with pytest.raises(RedisError):
            await wire.ask(("PING",))

    _played(play, url, 0.5)


def test_a_wrong_password_is_an_error():
    path = settings.REDIS_URL.removeprefix("unix://").partition("?")[0]

    async def play(wire):
        with pytest.raises(RedisError):
            await wire.ask(("PING",))

    _played(play, f"unix://user:wrong@{path}?db=0")


def test_the_database_is_the_one_that_the_url_names():
    path = settings.REDIS_URL.removeprefix("unix://").partition("?")[0]

    async def play(wire):
        return await wire.ask(("CLIENT", "INFO"))

    [told] = _played(play, f"unix://{path}?db=3")
    assert b" db=3 " in told
