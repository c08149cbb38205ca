"""Tasks that nobody waits for."""

import asyncio

from tenants.tasks import Tasks


def test_they_are_kept_until_they_are_done_and_no_longer():
    async def scene():
        tasks, go_on = Tasks(), asyncio.Event()
        for _ in range(3):
            tasks.begin(_wait(go_on))
        before = len(tasks)
        go_on.set()
        await tasks.end()
        return before, len(tasks)

    assert asyncio.run(scene()) == (3, 0)


def test_the_end_waits_for_all_whatever_one_raises():
    async def scene():
        tasks = Tasks()
        done: list[str] = []
        tasks.begin(_fail())
        tasks.begin(_note(done))
        await tasks.end()
        return done

    assert asyncio.run(scene()) == ["late"]


async def _wait(go_on):
    await go_on.wait()


async def _fail():
    raise ValueError


async def _note(done):
    await asyncio.sleep(0.01)
    done.append("late")
