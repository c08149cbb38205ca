"""The slots' locks in Redis for a whole crowd: the same as `locking.slot_locks` sets.

A queue that fails fast, never the guarantee. Taken in one round trip; given back with what
there is to announce. Without Redis we go on without.
"""

import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from redis.exceptions import RedisError

from bookings.locking import LOCK_SECONDS, breaker
from tenants import pools
from tenants.context import redis_key
from tenants.rediswire import Command
from tenants.tasks import Tasks

# Only one's own: it may have expired, and be another's by now.
_RELEASE = """
for _, key in ipairs(KEYS) do
    if redis.call('get', key) == ARGV[1] then redis.call('del', key) end
end
"""

Place = tuple[UUID, UUID]  # a clinic and its slot: copies of clinics have equal slots
tasks = Tasks()


@dataclass
class Locks:
    had: set[Place]
    messages: list[tuple[str, str]] = field(default_factory=list)

    def announce(self, message: tuple[str, str] | None) -> None:
        """Publish a text in a channel, once the locks are let go."""
        if message:
            self.messages.append(message)


@asynccontextmanager
async def slot_locks(places: Collection[Place]) -> AsyncIterator[Locks]:
    """Try for the lock of each slot; in `had` are those that may be booked now."""
    token = secrets.token_hex(16).encode()
    names = {
        (clinic_id, slot_id): redis_key(clinic_id, "lock", "slot", slot_id)
        for clinic_id, slot_id in places
    }
    mine = await _take(names, token)
    locks = Locks(set(places) if mine is None else mine)
    try:
        yield locks
    finally:
        # It goes out before all that is asked of Redis later; nobody waits for the reply.
        mine_still = [names[each] for each in mine or ()]
        tasks.begin(_let_go(mine_still, token, locks.messages))


async def _take(names: dict[Place, str], token: bytes) -> set[Place] | None:
    """Return the slots whose lock is ours; None if Redis is not there."""
    if breaker.is_open():
        return None
    lasts = int(LOCK_SECONDS * 1000)
    tries = [("SET", name, token, "NX", "PX", lasts) for name in names.values()]
    try:
        taken = await pools.redis().ask(*tries)
    except RedisError as error:
        breaker.trip(error)
        return None
    return {place for place, is_mine in zip(names, taken, strict=True) if is_mine}


async def _let_go(
    names: list[str], token: bytes, messages: list[tuple[str, str]]
) -> None:
    if not names and not messages:
        return
    told: list[Command] = []
    if names:
        told.append(("EVAL", _RELEASE, len(names), *names, token))
    told.extend(("PUBLISH", channel, text) for channel, text in messages)
    try:
        await pools.redis().ask(*told, can_wait=True)
    except RedisError as error:
        breaker.trip(error)
