"""PostgreSQL in libpq's own words, for the few statements that many wait for.

psycopg makes and keeps the connection, and reads what comes back; but a cursor of its
costs more time than PostgreSQL needs for the statement. Here all statements of a step go
out together, prepared once for each connection, and come back in one round trip.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

# A statement, with `{schema}` where its clinic's belongs, and its arguments in order.
Step = tuple[str, Sequence[Any]]
Part = tuple[str, Sequence[Step]]  # what is asked of one schema
Rows = list[tuple[Any, ...]]
_Key = tuple[str, str]  # schema and statement

# A backend keeps about 0.2 MiB for each prepared, which are five to ten for a clinic that
# many book at. Beyond so many, those go that were not asked for the longest.
_MOST_PREPARED = 600
_GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
_OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)


class Wire:
    """A connection in autocommit, while it is lent."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self.schema = ""  # whose tables `{schema}` means, if it is lent for one clinic
        self._pgconn = connection.pgconn
        self._reads = Transformer(connection)
        self._prepared: dict[_Key, bytes] = {}  # the one asked last at the end
        self._numbers = count()
        self._listening_at: int | None = None  # the socket's number
        self._told: asyncio.Future[None] | None = None  # that there is something

    @property
    def is_closed(self) -> bool:
        return self._pgconn.transaction_status == TransactionStatus.UNKNOWN

    async def run(self, *steps: Step) -> list[Rows]:
        """Run statements in one round trip, and return the rows of each.

        Raises:
            psycopg.Error: the first that failed; those behind it were not run.
        """
        [rows] = await self.run_parts((self.schema, steps))
        return rows

    async def run_parts(self, *parts: Part) -> list[list[Rows]]:
        """The same for statements about several clinics; returns the rows of each part.

        Raises:
            psycopg.Error: as `run`, wherever it was.
        """
        asked = [
            (_key(schema, statement), arguments)
            for schema, steps in parts
            for statement, arguments in steps
        ]
        await self._prepare(key for key, _ in asked)

        def send() -> None:
            for key, arguments in asked:
                self._pgconn.send_query_prepared(
                    self._prepared[key],
                    list(map(as_text, arguments)),
                    result_format=Format.BINARY,
                )

        results = iter(await self._exchange(send))
        return [
            [self._rows(each) for each in islice(results, len(steps))]
            for _, steps in parts
        ]

    async def roll_back(self) -> None:
        """End the transaction, if there is one."""
        if self._pgconn.transaction_status in _OPEN:
            await self.run(("ROLLBACK", ()))

    def rest(self) -> None:
        """Let psycopg have its socket back; called when it is no longer lent."""
        if self._listening_at is not None:
            asyncio.get_running_loop().remove_reader(self._listening_at)
            self._listening_at = None

    async def _prepare(self, wanted: "Iterable[_Key]") -> None:
        known, new = 0, []
        for key in dict.fromkeys(wanted):
            if name := self._prepared.pop(key, None):
                self._prepared[key] = name
                known += 1
            else:
                new.append(key)
        if not new:
            return
        names = [f"w{next(self._numbers)}".encode() for _ in new]
        excess = len(self._prepared) + len(new) - _MOST_PREPARED
        spare = len(self._prepared) - known  # the rest is wanted now
        oldest = list(islice(self._prepared, max(0, min(excess, spare))))
        old = [self._prepared.pop(key) for key in oldest]

        def send() -> None:
            for name in old:
                self._pgconn.send_close_prepared(name)
            for name, (schema, statement) in zip(names, new, strict=True):
                self._pgconn.send_prepare(name, _in_full(statement, schema))

        await self._exchange(send)
        self._prepared |= dict(zip(new, names, strict=True))

    async def _exchange(self, send: Callable[[], None]) -> "list[PGresult]":
        """Send what is to be sent, and return what comes back for it."""
        pgconn = self._pgconn
        pgconn.enter_pipeline_mode()
        try:
            send()
            pgconn.pipeline_sync()
            results = await self._received()
            pgconn.exit_pipeline_mode()
        except BaseException:
            # What is on its way would be taken for the answer to something else.
            self.rest()
            pgconn.finish()
            raise
        for result in results:
            if result.status not in _GOOD:
                raise error_from_result(result)
        return results

    async def _received(self) -> "list[PGresult]":
        found: list[PGresult] = []
        pgconn = self._pgconn
        unsent = pgconn.flush()
        while True:
            await self._ready(is_for_writing=bool(unsent))
            pgconn.consume_input()
            unsent = unsent and pgconn.flush()
            while not pgconn.is_busy():
                result = pgconn.get_result()
                if result is None:  # the end of one statement's results
                    continue
                if result.status == ExecStatus.PIPELINE_SYNC:
                    return found
                found.append(result)

    async def _ready(self, *, is_for_writing: bool) -> None:
        """Wait until there is something to read, or room to write."""
        loop = asyncio.get_running_loop()
        told = self._told = loop.create_future()
        descriptor = self._pgconn.socket
        if self._listening_at is None:
            self._listening_at = descriptor
            loop.add_reader(descriptor, self._tell)
        if not is_for_writing:
            await told
            return
        loop.add_writer(descriptor, self._tell)
        try:
            await told
        finally:
            loop.remove_writer(descriptor)

    def _tell(self) -> None:
        if self._told and not self._told.done():
            self._told.set_result(None)

    def _rows(self, result: "PGresult") -> Rows:
        if not result.ntuples:
            return []
        self._reads.set_pgresult(result, format=Format.BINARY)
        return self._reads.load_rows(0, result.ntuples, tuple)


def _key(schema: str, statement: str) -> _Key:
    """What names no clinic is prepared once, and not for each."""
    return schema if "{schema}" in statement else "", statement


def _in_full(statement: str, schema: str) -> bytes:
    """Return the statement as PostgreSQL wants it: schema named, places numbered."""
    numbers = count(1)
    text = re.sub("%s", lambda _: f"${next(numbers)}", statement)
    name = sql.Identifier(schema).as_string(None)
    return text.replace("{schema}", f"{name}.").encode()


def as_text(value: Any) -> bytes | None:
    """Write a value as PostgreSQL reads it where the statement says of what type it is.

    Arrays of one dimension, UUIDs, and what Python writes as PostgreSQL does: texts,
    numbers, dates, times with a zone.
    """
    if value is None:
        return None
    if type(value) is UUID:  # without hyphens, in a third of the time
        return value.hex.encode()
    if type(value) is list:
        return b"{%s}" % b",".join(map(_quoted, value))
    return str(value).encode()


def _quoted(value: Any) -> bytes:
    if value is None:
        return b"NULL"
    if type(value) is UUID:
        return value.hex.encode()
    if isinstance(value, str):
        escaped = value.replace("\\", r"\\").replace('"', r"\"")
        return f'"{escaped}"'.encode()
    return f'"{value}"'.encode()
