"""Redis for coroutines: one connection of an event loop, shared by all who ask.

What was asked is packed and what is answered is read in C (hiredis), and answers come in
the order of the questions. The client library's own pipeline costs 12 us a command, which
was a third of a booking.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Any

import hiredis
from redis.asyncio.connection import SSLConnection, parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

Command = Sequence[str | bytes | int]
Replies = list[Any]


class RedisWire:
    """Connects when it is first asked, and again after a connection was lost.

    Args:
        url: as in REDIS_URL.
        timeout: seconds to wait for a connection, and for answers.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._line: _Line | None = None
        self._connecting: asyncio.Task[_Line] | None = None

    async def ask(self, *commands: Command, can_wait: bool = False) -> Replies:
        """Send commands in one packet and return their replies.

        Args:
            can_wait: they may go out with what is asked next, or when the loop goes on.

        Raises:
            RedisError: one was refused, or nobody knows which were carried out.
        """
        line = self._line
        if line is None or line.is_lost:
            if self._connecting is None:
                self._connecting = asyncio.create_task(self._connect())
            line = await asyncio.shield(self._connecting)
        replies = await line.ask(commands, self._timeout, can_wait=can_wait)
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies

    def close(self) -> None:
        if self._line:
            self._line.lose(RedisConnectionError("closed"))

    async def _connect(self) -> "_Line":
        try:
            async with asyncio.timeout(self._timeout):
                self._line = await _open(self._url, self._timeout)
        except OSError as error:  # TimeoutError is one
            raise RedisConnectionError(str(error)) from error
        finally:
            self._connecting = None
        return self._line


class _Line(asyncio.Protocol):
    """One connection; each question waits for its share of what comes back."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader(replyError=ResponseError)
        self._waiting: deque[_Question] = deque()
        self._transport: Any = None
        self._lost: RedisError | None = None
        self._unsent: list[bytes] = []

    @property
    def is_lost(self) -> bool:
        return self._lost is not None

    def ask(
        self, commands: Sequence[Command], timeout: float, *, can_wait: bool = False
    ) -> "_Question":
        question = _Question(len(commands))
        if self._lost:
            question.set_exception(self._lost)
            return question
        self._waiting.append(question)
        self._unsent.extend(map(_packed, commands))
        if can_wait:
            question.get_loop().call_soon(self._send)
        else:
            self._send()
        late = question.get_loop().call_later(timeout, self._give_up, question)
        question.add_done_callback(lambda _: late.cancel())
        return question

    def _send(self) -> None:
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            self._transport.write(b"".join(unsent))

    def lose(self, error: RedisError) -> None:
        """Hang up: answers that come too late would be taken for others."""
        self._lost = self._lost or error
        self._transport.abort()
        while self._waiting:
            question = self._waiting.popleft()
            if not question.done():
                question.set_exception(self._lost)

    def _give_up(self, question: "_Question") -> None:
        if not question.done():
            self.lose(RedisTimeoutError("no answer in time"))

    # asyncio.Protocol ---------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            question = self._waiting[0]
            question.replies.append(reply)
            if len(question.replies) == question.size:
                self._waiting.popleft()
                if not question.done():  # who asked may have gone
                    question.set_result(question.replies)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lose(RedisConnectionError(str(exc or "closed by the server")))


class _Question(asyncio.Future[Replies]):
    def __init__(self, size: int) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.size = size
        self.replies: Replies = []


def _packed(command: Command) -> bytes:
    words: Any = tuple(command)
    packed: bytes = hiredis.pack_command(words)
    return packed


async def _open(url: str, timeout: float) -> _Line:
    """Connect and say who we are.

    Raises:
        OSError: there is nobody.
        RedisError: we may not come in.
    """
    where: Any = parse_url(url)
    loop = asyncio.get_running_loop()
    if path := where.get("path"):
        _, line = await loop.create_unix_connection(_Line, path)
    else:
        host, port = where.get("host", "localhost"), where.get("port", 6379)
        is_tls = where.get("connection_class") is SSLConnection
        _, line = await loop.create_connection(
            _Line, host, port, ssl=_tls(where) if is_tls else None
        )
    greeting: list[Command] = []
    if password := where.get("password"):
        greeting.append(("AUTH", where.get("username") or "default", password))
    if number := where.get("db"):
        greeting.append(("SELECT", number))
    if greeting:
        for reply in await line.ask(greeting, timeout):
            if isinstance(reply, Exception):
                line.lose(RedisConnectionError(str(reply)))
                raise reply
    return line


def _tls(where: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=where.get("ssl_ca_certs"))
    if certificate := where.get("ssl_certfile"):
        context.load_cert_chain(certificate, where.get("ssl_keyfile"))
    if where.get("ssl_cert_reqs") == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
