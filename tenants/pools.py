"""Connections for coroutines: to PostgreSQL a few, to Redis one; of an event loop.

Those to PostgreSQL bypass Django and with it the search path that it sets: each statement names the
schema of its clinic. A name without one finds nothing at all, not `public`'s table.

They stand in lanes of a few, and statements about a clinic go by its own lane while that has
room: what its backends keep of a clinic (plans, catalogue) stays warm, and each keeps less.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.conf import settings
from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tenants.context import connection
from tenants.rediswire import RedisWire
from tenants.tasks import Tasks
from tenants.wire import Wire

if TYPE_CHECKING:
    from tenants.models import Clinic

Pool = AsyncConnectionPool[AsyncConnection[Any]]
Lanes = list[Pool]

# What is asked here is found by an index, row by row, whatever the size of the table was when
# it was planned; and it is planned once, not anew for other arguments again and again.
PLANNING = (
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",  # they read all of a table that was small once
    "SET enable_mergejoin = off",
    "SET enable_bitmapscan = off",  # what they gather first is a handful of rows here
)
WAIT = 2.0  # seconds for a connection; then the slower way may try, or say 503
_LONGEST_LOCK_WAIT = "3s"
# A backend keeps about 0.3 MiB of each clinic's catalogue for as long as it lives; with the
# plans that `tenants.wire` keeps it needs 150 MiB.
_MOST_CLINICS = 150
_LANE = 4  # connections: while one is at work for some clinics, others may begin
_weeding = Tasks()
_lanes: WeakKeyDictionary[asyncio.AbstractEventLoop, Lanes] = WeakKeyDictionary()
_redis: WeakKeyDictionary[asyncio.AbstractEventLoop, RedisWire] = WeakKeyDictionary()


class NoConnectionError(Exception):
    """PostgreSQL is away, or everything that it gives us is in use."""


@asynccontextmanager
async def borrowed(*clinics: "Clinic") -> AsyncIterator[Wire]:
    """Lend a connection in autocommit for statements about one clinic, or several of a lane.

    Raises:
        NoConnectionError: there is none, and nothing was done.
    """
    lanes = _lanes_here()
    pool = _with_room(lanes, lane_of(clinics[0]))
    if pool.closed:
        await pool.open(wait=False)
    try:
        lent = await pool.getconn(timeout=WAIT)
    except (PoolTimeout, OperationalError) as error:
        raise NoConnectionError from error
    wire, seen = _kept(lent)
    schemas = [clinic.schema_name for clinic in clinics]
    wire.schema = schemas[0] if len(schemas) == 1 else ""
    try:
        yield wire
    except OperationalError:
        if lent.broken:  # the others have likely died with it
            for each in lanes:
                _weeding.begin(each.check())
        raise
    finally:
        wire.rest()
        seen.update(schemas)
        if len(seen) > _MOST_CLINICS:
            lent._expire_at = 0.0
        await pool.putconn(lent)


def lane_of(clinic: "Clinic") -> int:
    """Which lane a clinic goes by: for those who may go together."""
    number: int = clinic.pk.int
    return number % _number_of_lanes()


def _kept(lent: AsyncConnection[Any]) -> tuple[Wire, set[str]]:
    """What a connection keeps: its wire, and the schemas that it has seen."""
    kept: tuple[Wire, set[str]] | None = lent.__dict__.get("kept")
    if kept is None:
        kept = lent.__dict__["kept"] = (Wire(lent), set())
    return kept


async def close() -> None:
    """Close the running loop's connections; for who ends a loop but not the process."""
    loop = asyncio.get_running_loop()
    await _weeding.end()
    for pool in _lanes.pop(loop, ()):
        await pool.close()
    if wire := _redis.pop(loop, None):
        wire.close()


def redis() -> RedisWire:
    """Return the loop's line to Redis, which waits as short as Django's does."""
    loop = asyncio.get_running_loop()
    wire = _redis.get(loop)
    if wire is None:
        wire = _redis[loop] = RedisWire(settings.REDIS_URL, settings.REDIS_TIMEOUT)
    return wire


def _lanes_here() -> Lanes:
    """Return the running loop's lanes."""
    loop = asyncio.get_running_loop()
    lanes = _lanes.get(loop)
    if lanes is None:
        lanes = _lanes[loop] = [_make() for _ in range(_number_of_lanes())]
    return lanes


def _number_of_lanes() -> int:
    connections: int = settings.DATABASE_ASYNC_POOL
    return max(1, connections // _LANE)


def _with_room(lanes: Lanes, own: int) -> Pool:
    """Return one's own lane; another that has room if it has none."""
    for lane in (*lanes[own:], *lanes[:own]):
        stands = lane.get_stats()
        if stands["pool_available"] or stands["pool_size"] < lane.max_size:
            return lane
    return lanes[own]


def _make() -> Pool:
    known = connection.get_connection_params()
    for of_threads in ("context", "cursor_factory", "prepare_threshold"):
        known.pop(of_threads, None)
    pool: Pool = AsyncConnectionPool(
        kwargs={**known, "autocommit": True},
        configure=_prepare,
        min_size=0,
        max_size=min(_LANE, settings.DATABASE_ASYNC_POOL),
        max_lifetime=900,
        max_idle=120,
        reconnect_timeout=4,
        open=False,
    )
    pool._pool = _Warmest()  # psycopg has no setting for it
    return pool


class _Warmest(deque[Any]):
    """Idle connections, of which the one that was used last is lent first.

    Its plans and catalogue are in the processor's memory; taken in turn, each of four would
    have to fetch them anew.
    """

    def popleft(self) -> Any:
        return self.pop()


async def _prepare(new: AsyncConnection[Any]) -> None:
    """Set what a fresh connection needs; PgBouncer takes no options at its start."""
    await new.execute("SET search_path = extensions")
    for setting in PLANNING:
        await new.execute(setting)
    await new.execute("SET timezone = 'UTC'")
    await new.execute(f"SET lock_timeout = '{_LONGEST_LOCK_WAIT}'")
