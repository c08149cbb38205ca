"""How requests come: as fast as answers do, or at fixed instants, whatever answers do."""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.clients import Clients, Poster, connect
from benchmarks.crowd import Ask, Crowd

_LAST = 30.0  # seconds until what has not been answered is given up
_UNAVAILABLE = 503


@dataclass
class Tally:
    """What was answered, in milliseconds since it was due, by kind.

    Args:
        statuses: 0 if the connection was cut.
        late: how long after it was due each request was sent, in milliseconds: as long
            as no connection, or no processor time, was left for it.
    """

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)
    late: list[float] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)

    @property
    def all_times(self) -> list[float]:
        return sorted(each for times in self.times.values() for each in times)

    @property
    def unavailable(self) -> int:
        """How often we were told to come again later, as the API says it may."""
        return self.statuses[_UNAVAILABLE]

    @property
    def errors(self) -> int:
        """What no client should ever see."""
        return sum(n for status, n in self.statuses.items() if _is_error(status))

    def add(self, ask: Ask, status: int, milliseconds: float, body: bytes) -> None:
        self.statuses[status] += 1
        if status in (0, _UNAVAILABLE) or _is_error(status):
            if len(self.surprises) < 3:
                told = body[:120].decode(errors="replace")
                self.surprises.append(f"{ask.kind} {status} {ask.path} {told}")
        else:
            self.times[ask.kind].append(milliseconds)


def _is_error(status: int) -> bool:
    """A time that somebody else has (409) is an answer like any other."""
    return not (200 <= status < 300 or status in (304, 409, _UNAVAILABLE))


def percentile(ordered: list[float], percent: float) -> float:
    """Return what so many percent do not exceed; not a number if there are none."""
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Lines:
    """Connections to a web server, on each of which one request waits for its answer."""

    def __init__(self, clients: Clients, port: int, crowd: Crowd, number: int) -> None:
        self.clients = clients
        self._port = port
        self._crowd = crowd
        self._idle: deque[Poster] = deque()
        self._waiting: dict[int, tuple[Ask, float, Tally]] = {}
        for _ in range(number):
            self._open()

    @property
    def has_idle(self) -> bool:
        return bool(self._idle)

    @property
    def busy(self) -> int:
        return len(self._waiting)

    def send(self, kind: str, due: float, tally: Tally) -> None:
        """Send a request; its answer is counted in the tally."""
        poster = self._idle.popleft()  # in turns, so that none is idle for long
        ask = self._crowd.ask(kind)
        self._waiting[id(poster)] = ask, due, tally
        try:
            poster.send(ask.request)
        except OSError:
            return  # it is cut, which reading tells in a moment
        tally.late.append((poster.sent_at - due) * 1000)

    def settle(self) -> int:
        """Wait for all answers; returns how many do not come."""
        self.clients.run(lambda: not self._waiting, seconds=_LAST)
        return len(self._waiting)

    def _open(self) -> None:
        poster = Poster(connect(self._port), self._answered)
        self.clients.add(poster)
        self._idle.append(poster)

    def _answered(self, poster: Poster, status: int) -> None:
        now = time.perf_counter()
        waited = self._waiting.pop(id(poster), None)
        if waited:
            ask, due, tally = waited
            body = poster.body if status else b""
            self._crowd.answered(ask, status, poster.head, body)
            tally.add(ask, status, (now - due) * 1000, body)
        if status:
            self._idle.append(poster)
        else:
            self._replace(poster)

    def _replace(self, cut: Poster) -> None:
        if cut in self._idle:
            self._idle.remove(cut)
        cut.connection.close()
        self._open()


def burst(
    lines: Lines, kinds: Iterator[str], *, seconds: float, at_once: int = 32
) -> tuple[Tally, float]:
    """Send as fast as answers come, until the time is over or there is no more to send.

    Args:
        at_once: how many wait for answers all the time.

    Returns:
        What came of it, and how many answers came in a second.
    """
    tally, began = Tally(), time.perf_counter()
    is_over = False
    while not is_over and (now := time.perf_counter()) < began + seconds:
        while lines.busy < at_once and not is_over:
            kind = next(kinds, None)
            if kind is None:
                is_over = True
            else:
                lines.send(kind, now, tally)
        lines.clients.poll(0.01)
    rate = sum(map(len, tally.times.values())) / (time.perf_counter() - began)
    lines.settle()
    return tally, rate


class Pace:
    """Requests that are due at fixed instants. Who waits for an answer delays nobody else.

    Times are counted from when a request was due: if the server, or we, stand still for a
    second, all who were due in it have waited, and are counted.
    """

    def __init__(self, lines: Lines, kinds: Iterator[str], rate: float) -> None:
        self.began = time.perf_counter()
        self.unanswered = 0  # known at the end
        self._lines = lines
        self._kinds = kinds
        self.rate = rate
        self._due = 0  # how many were due so far
        self._unsent: deque[tuple[float, Tally]] = deque()

    def run(self, tally: Tally, until: float) -> None:
        """Go on for so long; those who were due then are counted in the tally."""
        while (now := time.perf_counter()) < until:
            self._note_due(now, tally)
            self._send()
            wait = min(self._next_due, until) - time.perf_counter()
            self._lines.clients.poll(max(wait, 0))

    def settle(self) -> None:
        """Wait for all answers, and count those that do not come."""
        deadline = time.perf_counter() + _LAST
        while self._unsent and time.perf_counter() < deadline:
            self._send()
            self._lines.clients.poll(0.01)
        self.unanswered = len(self._unsent) + self._lines.settle()

    @property
    def _next_due(self) -> float:
        return self.began + self._due / self.rate

    def _note_due(self, now: float, tally: Tally) -> None:
        while (due := self._next_due) <= now:
            self._unsent.append((due, tally))
            self._due += 1

    def _send(self) -> None:
        while self._unsent and self._lines.has_idle:
            due, tally = self._unsent.popleft()
            self._lines.send(next(self._kinds), due, tally)
