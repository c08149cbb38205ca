"""A checker that compares pages with the store while the product is under load.

It reads a doctor's day from PostgreSQL, and only then asks for it: as JSON, as a page, and
as the page's fragment. What one of them or a live frame has shown, all who ask afterwards
must be shown, too. What is out of date may be shown for milliseconds only; so it changes
each day itself while the day is in the server's memory, and asks again at once.
"""

import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

import psycopg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_socket

from benchmarks.clients import connect
from benchmarks.truth import (
    FRAGMENT,
    JSON,
    READ,
    Day,
    Seen,
    Slots,
    Store,
    listed,
    news,
    stored,
    wrongs,
)

_PATIENCE = 30  # seconds for an answer
_MOST_TOLD = 20  # sentences about what is wrong


@dataclass(frozen=True)
class Where:
    """What is compared, and where it is kept and shown.

    Args:
        database: its URL.
        doctors: slugs by id; the first one's live frames are read, too.
        tokens: of patients who book and cancel.
        days: of all of them, as ISO 8601; in order.
    """

    port: int
    host: str
    database: str
    schema: str
    doctors: dict[str, str]
    days: list[str]
    tokens: list[str]


@dataclass
class Found:
    """What came of it.

    Args:
        prompt: pages that were asked for as soon as we had changed their day.
        newer: times that had changed once more when they were shown.
        frames: times in live frames.
        statuses: of answers that could not be compared; 0 if there was none.
    """

    pages: Counter[str] = field(default_factory=Counter)
    times: int = 0
    prompt: int = 0
    newer: int = 0
    frames: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    told: list[str] = field(default_factory=list)  # the first wrong ones

    def compare(self, form: str, known: Slots, shown: Slots) -> None:
        """Count a page that was asked for when all that is `known` was so."""
        said = list(wrongs(known, shown))
        self.pages[form] += 1
        self.times += len(shown)
        self.newer += sum(
            shown[slot].version > was.version
            for slot, was in known.items()
            if slot in shown
        )
        self.wrong += len(said)
        room = _MOST_TOLD - len(self.told)
        self.told += [f"{form}: {each}" for each in said[:room]]


def check(where: Where, *, seconds: float, rest: float) -> Found:
    """Compare and change days for so long, with a rest after each.

    Raises:
        ConnectionRefusedError: the server is gone.
    """
    until = time.monotonic() + seconds
    with psycopg.connect(
        where.database, autocommit=True, application_name="checker"
    ) as store:
        checker = Checker(where, store)
        while time.monotonic() < until:
            checker.compare_some_day()
            time.sleep(rest)
        checker.close()
    return checker.found


class Checker:
    """Knows the newest version of each time that anybody was shown or that was stored."""

    def __init__(self, where: Where, store: Store) -> None:
        self.found = Found()
        self._where = where
        self._store = store
        self._known: dict[str, Seen] = {}
        self._visits: dict[Day, tuple[str, str]] = {}  # ours: id and token
        self._dice = random.Random(11)  # noqa: S311 (the same each time)
        self._frames = _Frames(where)

    def close(self) -> None:
        self._frames.close()

    def compare_some_day(self) -> None:
        """Compare a day, change it, and compare it again at once."""
        doctor = self._dice.choice(list(self._where.doctors))
        asked = doctor, self._dice.choice(self._where.days)
        self._compare(asked)
        if self._change(asked):
            self.found.prompt += self._compare(asked)

    def _compare(self, asked: Day) -> int:
        """Read it from the store; then ask for it in each form. Returns how many came."""
        now = stored(self._store, self._where.schema, asked)
        self._learn(now)
        came = 0
        for form in self._dice.sample(list(READ), len(READ)):
            self._learn_from_frames()
            known = {slot: self._known[slot] for slot in now}
            body = self._get(*self._request(form, asked))
            if body is not None:
                came += 1
                shown = READ[form](body)
                self.found.compare(form, known, shown)
                self._learn(shown)
        return came

    def _change(self, asked: Day) -> bool:
        """Book a time of it, or cancel what we booked; False if that was not to be had."""
        if visit := self._visits.pop(asked, None):
            made, token = visit
            return bool(self._post(f"/api/v1/appointments/{made}/cancel/", token, {}))
        now = stored(self._store, self._where.schema, asked)
        free = [slot for slot, seen in now.items() if seen.status == "free"]
        if not free:
            return False
        token = self._dice.choice(self._where.tokens)
        wish = {"slot": self._dice.choice(free)}
        answer = self._post("/api/v1/appointments/", token, wish)
        if answer:
            self._visits[asked] = json.loads(answer)["id"], token
        return bool(answer)

    def _request(self, form: str, asked: Day) -> tuple[str, dict[str, str]]:
        """Return path and headers."""
        doctor, day = asked
        page = f"/doctors/{self._where.doctors[doctor]}/?date={day}"
        if form == JSON:
            # Reading is limited by address.
            near = f"10.1.{self._dice.randrange(256)}.{self._dice.randrange(256)}"
            listed = f"/api/v1/slots/?doctor={doctor}&from={day}&to={day}"
            return listed, {"X-Forwarded-For": near}
        return page, {"HX-Request": "true"} if form == FRAGMENT else {}

    def _learn(self, seen: Slots) -> None:
        self._known |= news(self._known, seen)

    def _learn_from_frames(self) -> None:
        told = self._frames.read()
        self.found.frames += len(told)
        self._learn(told)

    def _get(self, path: str, headers: dict[str, str]) -> bytes | None:
        status, body = self._ask("GET", path, headers)
        if status == 200:
            return body
        self.found.statuses[status] += 1
        return None

    def _post(self, path: str, token: str, body: dict[str, str]) -> bytes | None:
        """Somebody else may have been quicker (409): then nothing is changed."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        status, answer = self._ask("POST", path, headers, json.dumps(body))
        if status in (200, 201):
            return answer
        if status != 409:
            self.found.statuses[status] += 1
        return None

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: str = ""
    ) -> tuple[int, bytes]:
        """Ask on a connection of its own: any of several processes may get it.

        Returns:
            Status and body; 0 if there was no answer.
        """
        connection = HTTPConnection("127.0.0.1", self._where.port, timeout=_PATIENCE)
        told = {"Host": self._where.host, **headers}
        try:
            connection.request(method, path, body or None, told)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except ConnectionRefusedError:
            raise
        except (OSError, HTTPException):
            return 0, b""
        finally:
            connection.close()


class _Frames:
    """An open socket of a partner, who is sent each change of a doctor's times."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self._socket: ClientConnection | None = None

    def read(self) -> dict[str, Seen]:
        """Return what has come since; opens the socket if it is not there."""
        found: dict[str, Seen] = {}
        self._socket = self._socket or self._open()
        try:
            while True:
                told = json.loads(self._socket.recv(timeout=0))
                of = [told["slot"]] if "slot" in told else told.get("slots", [])
                found |= news(found, listed(of))
        except TimeoutError:
            pass
        except ConnectionClosed:
            self._socket = None
        return found

    def _open(self) -> ClientConnection:
        doctor = next(iter(self._where.doctors))
        first, last = self._where.days[0], self._where.days[-1]
        query = f"doctor={doctor}&from={first}&to={last}&format=json"
        return connect_socket(
            f"ws://{self._where.host}:{self._where.port}/ws/slots/?{query}",
            sock=connect(self._where.port),
            compression=None,
            max_size=None,
        )

    def close(self) -> None:
        if self._socket:
            self._socket.close()
