"""Many clients over one epoll, as bare as can be: what they cost, the servers lack."""

import base64
import os
import re
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

_TEXT, _PING = 0x81, 0x89
_PATIENCE = 60.0  # seconds until what has not come is given up
_BODILESS = frozenset({204, 304})
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Reader(Protocol):
    """What waits for bytes of one connection."""

    connection: socket.socket

    def read(self, data: bytes) -> None: ...


class Clients:
    """The connections that are watched together."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._readers: dict[int, Reader] = {}

    def add(self, reader: Reader) -> None:
        reader.connection.setblocking(False)  # noqa: FBT003 (its own signature)
        self._readers[reader.connection.fileno()] = reader
        self._epoll.register(reader.connection, select.EPOLLIN)

    def run(self, until: Callable[[], bool], *, seconds: float = _PATIENCE) -> bool:
        """Read until it is so; False if it did not become so in time."""
        deadline = time.monotonic() + seconds
        while not until():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.poll(min(left, 0.05))
        return True

    def poll(self, seconds: float) -> None:
        """Read what is there; wait so long for it, if nothing is."""
        for descriptor, _ in self._epoll.poll(seconds):
            self._read(descriptor)

    def _read(self, descriptor: int) -> None:
        reader = self._readers[descriptor]
        try:
            data = reader.connection.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._epoll.unregister(descriptor)
        reader.read(data)

    def close(self) -> None:
        for reader in self._readers.values():
            reader.connection.close()
        self._epoll.close()


def connect(port: int) -> socket.socket:
    """Connect, without waiting for more bytes to fill a packet."""
    made = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


@dataclass
class Poster:
    """One kept connection that sends a request when the answer before it is here."""

    connection: socket.socket
    answered: Callable[["Poster", int], None]  # with the status; 0 if it was cut
    sent_at: float = 0.0
    head: bytes = b""  # of the last answer
    body: bytes = b""
    _buffer: bytes = b""

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.connection.sendall(request)

    def read(self, data: bytes) -> None:
        if not data:
            self.answered(self, 0)
            return
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        status, told = int(head[9:12]), _LENGTH.search(head)
        if status in _BODILESS:
            is_whole = True
        elif told:
            is_whole = len(body) >= int(told[1])
        else:
            is_whole = body.endswith(b"0\r\n\r\n")
        if is_whole:
            self.head, self.body, self._buffer = head, body, b""
            self.answered(self, status)


@dataclass
class Race:
    """How it ended for all who started together."""

    statuses: Counter[int]
    milliseconds: float  # until the last one had an answer

    @property
    def is_won_once(self) -> bool:
        return self.statuses[201] == 1


def race(port: int, requests: Sequence[bytes]) -> Race:
    """Open a connection for each request, then send all of them at once."""
    clients, statuses = Clients(), Counter[int]()
    last = [0.0]

    def answered(_: Poster, status: int) -> None:
        statuses[status] += 1
        last[0] = time.perf_counter()

    posters = [Poster(connect(port), answered) for _ in requests]
    for poster in posters:
        clients.add(poster)
    time.sleep(0.3)  # the server has taken all of them
    began = time.perf_counter()
    for poster, request in zip(posters, requests, strict=True):
        poster.send(request)
    clients.run(lambda: statuses.total() == len(requests))
    clients.close()
    statuses[0] += len(requests) - statuses.total()
    return Race(statuses, (last[0] - began) * 1000)


class Posting:
    """Requests that are sent one after the other by each of a few connections.

    They begin at once; `clients.run` goes on with them.
    """

    def __init__(
        self, clients: Clients, port: int, requests: Iterable[bytes], *, at_once: int
    ) -> None:
        self.statuses = Counter[int]()
        self._requests = iter(requests)
        self._open = at_once
        self._posters = [Poster(connect(port), self._answered) for _ in range(at_once)]
        for poster in self._posters:
            clients.add(poster)
            self._next(poster)

    @property
    def is_done(self) -> bool:
        return not self._open

    def _answered(self, poster: Poster, status: int) -> None:
        self.statuses[status] += 1
        self._next(poster)

    def _next(self, poster: Poster) -> None:
        request = next(self._requests, None)
        if request is None:
            self._open -= 1
        else:
            poster.send(request)


@dataclass(frozen=True)
class Kind:
    """How a server's sockets speak.

    Args:
        mark: is in every event once.
        hello: opens a text that is answered by `greeting`, if there is such.
        joined: is in the text after which events come.
    """

    path: str
    mark: bytes
    joined: bytes
    hello: bytes = b""
    greeting: bytes = b""


class Viewer:
    """One open page: counts events."""

    def __init__(self, port: int, host: str, kind: Kind, seen: "Viewers") -> None:
        self.connection = connect(port)
        self._kind = kind
        self._all = seen
        self._kept = b""
        self.is_joined = False
        key = base64.b64encode(os.urandom(16)).decode()
        self.connection.sendall(
            f"GET {kind.path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def read(self, data: bytes) -> None:
        if not data:
            self._all.lost += 1
        elif self.is_joined:
            self._count(data)
        else:
            self._join(data)

    def _join(self, data: bytes) -> None:
        self._kept += data
        if self._kind.hello and self._kind.hello in self._kept:
            self._kept = b""
            self._say(_TEXT, self._kind.greeting)
        elif self._kind.joined in self._kept:
            self._kept = b""
            self.is_joined = True
            self._all.joined += 1

    def _count(self, data: bytes) -> None:
        if data[0] == _PING:
            self._say(0x8A, data[2 : 2 + (data[1] & 127)])
        elif data == b"\x81\x012":  # the rival's own ping
            self._say(_TEXT, b"3")
        whole = self._kept + data
        if events := whole.count(self._kind.mark):
            self._all.count(events)
        # An event may be cut anywhere: what might be its beginning is kept.
        _, found, rest = whole.rpartition(self._kind.mark)
        self._kept = (rest if found else whole)[-len(self._kind.mark) + 1 :]

    def _say(self, opcode: int, payload: bytes) -> None:
        masked = bytes([opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload
        self.connection.sendall(masked)


class Viewers:
    """Many open pages on one server."""

    def __init__(
        self,
        port: int,
        host: str,
        kind: Kind,
        number: int,
        clients: Clients | None = None,
    ) -> None:
        """Join.

        Args:
            clients: those with whom they are watched, if there are others.

        Raises:
            TimeoutError: not all of them could.
        """
        self.clients = clients or Clients()
        self.number = number
        self.joined = self.lost = self.events = 0
        self.last_at = 0.0  # as time.time() has it
        began = time.perf_counter()
        for _ in range(number):
            self.clients.add(Viewer(port, host, kind, self))
        if not self.clients.run(lambda: self.joined == number):
            message = f"{self.joined} of {number} joined, {self.lost} were cut"
            raise TimeoutError(message)
        self.joined_in = time.perf_counter() - began

    def count(self, events: int) -> None:
        self.events += events
        self.last_at = time.time()

    def wait_for(self, events: int, *, seconds: float = 10) -> bool:
        """Wait until all of them together have had so many since `forget`."""
        return self.clients.run(lambda: self.events >= events, seconds=seconds)

    def forget(self) -> None:
        self.events = 0
