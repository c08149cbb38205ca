"""Lanes of connections: a clinic's own one first, and in it the warmest; else another."""

import asyncio
from contextlib import AsyncExitStack

from tenants import pools


def _run(work):
    async def closing():
        try:
            return await work()
        finally:
            await pools.close()

    return asyncio.run(closing())


async def _backend(wire):
    [[[number]]] = await wire.run(("SELECT pg_backend_pid()", ()))
    return number


async def _used(clinic, times):
    """Borrow so often, one after the other; return the backends that were lent."""
    used = set()
    for _ in range(times):
        async with pools.borrowed(clinic) as wire:
            used.add(await _backend(wire))
    return used


def test_a_clinic_goes_by_few_connections(committed):
    assert len(_run(lambda: _used(committed, times=10))) <= 4


def test_the_connection_that_was_used_last_is_lent_first(committed):
    async def work():
        async with AsyncExitStack() as lent:
            for _ in range(3):
                await lent.enter_async_context(pools.borrowed(committed))
        return await _used(committed, times=6)

    assert len(_run(work)) == 1


def test_a_connection_that_has_seen_many_clinics_is_not_lent_again(
    committed, monkeypatch
):
    monkeypatch.setattr(pools, "_MOST_CLINICS", 0)

    assert len(_run(lambda: _used(committed, times=3))) == 3


def test_when_its_lane_is_full_it_goes_by_another(committed, settings):
    settings.DATABASE_ASYNC_POOL = 8

    async def work():
        async with AsyncExitStack() as lent:
            wires = [
                await lent.enter_async_context(pools.borrowed(committed))
                for _ in range(8)
            ]
            return {await _backend(wire) for wire in wires}

    assert len(_run(work)) == 8
