"""Several processes for one long list of clinics."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import connections

from tenants.context import connection, rest

_SIZE = 16  # bytes of a UUID; writes of so few arrive whole


def share(ids: Iterable[UUID], work: Callable[[UUID], None], *, jobs: int) -> None:
    """Have `jobs` forked processes call `work`, each with the next id that is left.

    The ids go through a pipe, which knows no locks: whoever is killed, the others go on.
    When this process is killed, they end after the clinic they are at. What became of
    each clinic is in the database, not returned.
    """
    reader, writer = os.pipe()
    connections.close_all()  # connections and the pool's threads survive no fork
    connection.close_pool()
    fork = multiprocessing.get_context("fork")
    crew = [
        fork.Process(target=_work_off, args=(reader, writer, work)) for _ in range(jobs)
    ]
    for each in crew:
        each.start()
    os.close(reader)
    try:
        for clinic_id in ids:
            os.write(writer, clinic_id.bytes)
    except BrokenPipeError:
        pass  # all of them died
    finally:
        os.close(writer)
    for each in crew:
        each.join()


def _work_off(reader: int, writer: int, work: Callable[[UUID], None]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # by Ctrl-C without a word
    os.close(writer)
    parent = os.getppid()
    while name := os.read(reader, _SIZE):
        if os.getppid() != parent:
            break
        work(UUID(bytes=name))
        rest()
    connections.close_all()
    connection.close_pool()
