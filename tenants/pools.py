"""Connections for coroutines: to PostgreSQL a few, to Redis one pool; of an event loop.

Those to PostgreSQL bypass Django and with it the search path that it sets: each statement names the
schema of its clinic. A name without one finds nothing at all, not `public`'s table.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.conf import settings
from psycopg import AsyncConnection, OperationalError, sql
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from redis import asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tenants.context import connection
from tenants.postgresql.base import MOST_CLINICS

if TYPE_CHECKING:
    from tenants.models import Clinic

Pool = AsyncConnectionPool[AsyncConnection[Any]]

WAIT = 2.0  # seconds for a connection; then the slower way may try, or say 503
_LONGEST_LOCK_WAIT = "3s"
_weeding: set["asyncio.Task[None]"] = set()
_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, "redis.Redis"] = (
    WeakKeyDictionary()
)


class NoConnectionError(Exception):
    """PostgreSQL is away, or everything that it gives us is in use."""


@asynccontextmanager
async def borrowed(clinic: "Clinic") -> AsyncIterator[AsyncConnection[Any]]:
    """Lend a connection in autocommit for statements about one clinic.

    Raises:
        NoConnectionError: there is none, and nothing was done.
    """
    pool = await _pool()
    try:
        lent = await pool.getconn(timeout=WAIT)
    except (PoolTimeout, OperationalError) as error:
        raise NoConnectionError from error
    try:
        yield lent
    except OperationalError:
        if lent.broken:  # the others have likely died with it
            weeding = asyncio.create_task(pool.check())
            _weeding.add(weeding)  # the loop itself keeps no task alive
            weeding.add_done_callback(_weeding.discard)
        raise
    finally:
        seen: set[str] = lent.__dict__.setdefault("seen_schemas", set())
        seen.add(clinic.schema_name)
        if len(seen) > MOST_CLINICS:
            lent._expire_at = 0.0
        await pool.putconn(lent)


def qualified(statement: str, clinic: "Clinic") -> str:
    """Name the clinic's schema wherever the statement says `{schema}`."""
    name = sql.Identifier(clinic.schema_name).as_string(None)
    return statement.replace("{schema}", f"{name}.")


async def close() -> None:
    """Close the running loop's connections; for who ends a loop but not the process."""
    loop = asyncio.get_running_loop()
    await asyncio.gather(*_weeding, return_exceptions=True)
    if pool := _pools.pop(loop, None):
        await pool.close()
    if client := _clients.pop(loop, None):
        await client.aclose()


def redis_client() -> "redis.Redis":
    """Return the loop's client of Redis, which waits as short as Django's does."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None:
        client = _clients[loop] = redis.from_url(
            settings.REDIS_URL,
            socket_timeout=settings.REDIS_TIMEOUT,
            socket_connect_timeout=settings.REDIS_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            max_connections=100,
        )
    return client


async def _pool() -> Pool:
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        pool = _pools[loop] = _make()
        await pool.open(wait=False)
    return pool


def _make() -> Pool:
    known = connection.get_connection_params()
    for of_threads in ("context", "cursor_factory", "prepare_threshold"):
        known.pop(of_threads, None)
    pool: Pool = AsyncConnectionPool(
        kwargs={**known, "autocommit": True, "prepare_threshold": 2},
        configure=_prepare,
        min_size=0,
        max_size=settings.DATABASE_ASYNC_POOL,
        max_lifetime=900,
        max_idle=120,
        reconnect_timeout=4,
        open=False,
    )
    return pool


async def _prepare(new: AsyncConnection[Any]) -> None:
    """Set what a fresh connection needs; PgBouncer takes no options at its start."""
    await new.execute("SET search_path = extensions")
    await new.execute("SET timezone = 'UTC'")
    await new.execute(f"SET lock_timeout = '{_LONGEST_LOCK_WAIT}'")
