"""What a running product holds on to: memory, connections, open files, unsent mail."""

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks.processes import memory_mib, open_files, private_mib

_BACKENDS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'slotwell'
"""
_WAITING = "SELECT count(*) FROM {messages} WHERE sent_at IS NULL"


@dataclass(frozen=True)
class Sample:
    """Memory in MiB: RSS of processes, and what each backend has for itself."""

    web: float
    worker: float
    backends: int
    backends_memory: float
    files: int  # descriptors of the web processes
    unsent: int  # messages

    def __str__(self) -> str:
        return (
            f"web {self.web:.0f}, worker {self.worker:.0f} MiB; {self.backends} backends"
            f" {self.backends_memory:.0f} MiB; {self.files} files; {self.unsent} unsent"
        )


class Sampler:
    """Takes samples in a thread: the kernel needs a while to count a backend's memory."""

    def __init__(self, schema: str, web: Sequence[int], worker: Sequence[int]) -> None:
        self._messages = SQL(_WAITING).format(
            messages=Identifier(schema, "bookings_outboxmessage")
        )
        self._web, self._worker = web, worker
        self._thread = ThreadPoolExecutor(1)
        # Not by Django, whose connections are those to be counted.
        self._store = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown()
        self._store.close()

    def soon(self) -> "Future[Sample]":
        return self._thread.submit(self._take)

    def unsent(self) -> int:
        """Return how many messages wait for the worker."""
        [told] = self._store.execute(self._messages).fetchall()
        return int(told[0])

    def _take(self) -> Sample:
        backends = [pid for (pid,) in self._store.execute(_BACKENDS).fetchall()]
        return Sample(
            web=memory_mib(self._web)[0],
            worker=memory_mib(self._worker)[0],
            backends=len(backends),
            backends_memory=private_mib(backends),
            files=open_files(self._web),
            unsent=self.unsent(),
        )
