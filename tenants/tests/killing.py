"""Processes that are killed (SIGKILL) at a chosen statement, and what must not remain."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import count
from typing import Any

from django.db import connection, connections

from tenants.context import connection as any_connection


def kills(
    work: Callable[[], Any],
    *,
    prepare: Callable[[], None] = lambda: None,
    around: Callable[[], Any] = nullcontext,
) -> Iterator[int]:
    """Yield after each kill, the first before statement 1; end when work came through."""
    for step in count(1):
        prepare()
        with around():
            code = run_killed(work, before_statement=step)
            if code == 0:
                return
            assert code == -signal.SIGKILL
            yield step


def run_killed(work: Callable[[], Any], *, before_statement: int = 0) -> int | None:
    """Return the exit code of a process that does the work, and is killed before that
    statement."""

    def run() -> None:
        sent = count(1)

        def kill(execute: Any, *args: Any) -> Any:
            if next(sent) == before_statement:
                die()
            return execute(*args)

        with connection.execute_wrapper(kill):
            work()

    process = fork(run)
    process.join(60)
    code: int | None = process.exitcode
    return code


def fork(work: Callable[[], Any]) -> Any:
    connections.close_all()
    any_connection.close_pool()
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    return process


def die(*args: Any, **kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def assert_no_locks() -> None:
    """PostgreSQL needs a moment to notice that a process is dead."""
    for _try in range(100):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
                " WHERE locktype = 'advisory' AND datname = current_database()"
            )
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.02)
    raise AssertionError("an advisory lock stayed behind")


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'")
        return {name for (name,) in cursor.fetchall()}
