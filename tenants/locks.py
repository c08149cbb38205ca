"""One at a time, over all processes: advisory locks of the platform's upkeep."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tenants.context import connection

# Any constant: advisory locks of one database share one space of numbers.
_SPACE = 0x510717


class BusyError(Exception):
    """Somebody else is at it."""


@contextmanager
def only_one(name: object, *, wait: bool = True) -> Iterator[None]:
    """Make those who name the same thing queue, by a lock of the session's.

    Not of a transaction's: what is done inside may commit several times. The connection
    must not be closed inside, or the lock stays behind in the pool.

    Raises:
        BusyError: somebody has it, and `wait` is off.
    """
    key = _key(name)
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", key)
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
            if not cursor.fetchone()[0]:
                raise BusyError(str(name))
    connection.session_locks += 1  # so that `rest` keeps the connection
    try:
        yield
    finally:
        connection.session_locks -= 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


@contextmanager
def only_one_run(name: str, *, wait: bool = True) -> Iterator[None]:
    """As `only_one`, by a connection of its own: for who closes the pool, and forks.

    Forked processes keep it open: when this one is killed, the lock ends with the last
    of them.

    Raises:
        BusyError: somebody has it, and `wait` is off.
    """
    params = connection.get_connection_params()
    with psycopg.connect(**params, autocommit=True) as own, own.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", _key(name))
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", _key(name))
            if cursor.fetchone() != (True,):
                raise BusyError(name)
        yield  # closing the connection gives the lock back


def _key(name: object) -> list[int]:
    digest = hashlib.sha256(str(name).encode()).digest()
    return [_SPACE, int.from_bytes(digest[:4], "big") & 0x7FFFFFFF]
