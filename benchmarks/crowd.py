"""The people of one clinic: most look, few book, and some cancel or only hold a time."""

import json
import random
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import cycle, islice

from benchmarks.filled import Filled
from benchmarks.load import Request, posts

FRAGMENT, LIST, PAGE = "fragment", "list", "page"
BOOK, CANCEL, HOLD = "booking", "cancel", "hold"

# Of a hundred requests. A page that is open asks for its day again when that changes, or
# when another day is chosen; who books has looked at some days of some doctors; and other
# programs show the same times by the API. Of those who take a time some only hold it. As
# many cancel as book, far more than in a real clinic: else it would be fuller at the end
# than at the beginning, and quicker or slower for that alone.
SHARES = {FRAGMENT: 45, LIST: 30, PAGE: 20, BOOK: 2, CANCEL: 2, HOLD: 1}
# What is shown changes as fast as it can, and some look at it.
CHANGES = {FRAGMENT: 5, LIST: 5, BOOK: 5, CANCEL: 4, HOLD: 1}

DAYS = 14  # that people look at
HOLD_SECONDS = 60
_REST = HOLD_SECONDS + 5  # until a time that could not be had is tried again
_ETAG = re.compile(rb"\r\netag: *([^\r]+)", re.IGNORECASE)

Place = tuple[str, date]  # a doctor's day


@dataclass(frozen=True)
class Ask:
    """A request, and what must be known when its answer comes."""

    kind: str
    request: bytes
    path: str = ""
    slot: str = ""
    place: Place | None = None  # where the slot stands
    token: str = ""


@dataclass(frozen=True)
class _Visit:
    id: str
    made_by: Ask


class Crowd:
    """Asks for what can be had, and knows of what it has."""

    def __init__(self, clinic: Filled) -> None:
        self.clinic = clinic
        self.days: list[date] = clinic.days[:DAYS]
        self._dice = random.Random(7)  # noqa: S311 (the same each time)
        self._weights = popularity(len(clinic.doctors))
        self._free = {
            (doctor, day): clinic.slots_of(doctor, day, day)
            for doctor, _ in clinic.doctors
            for day in self.days
        }
        self._visits: deque[_Visit] = deque()
        self._resting: deque[tuple[float, Place, str]] = deque()
        self._etags: dict[str, str] = {}
        self._asking: dict[str, Callable[[], Ask]] = {
            FRAGMENT: self._fragment,
            LIST: self._list,
            PAGE: self._page,
            BOOK: self._book,
            CANCEL: self._cancel,
            HOLD: self._hold,
        }

    def ask(self, kind: str) -> Ask:
        """Return the next request of a kind; a look instead, if it cannot be made now."""
        return self._asking[kind]()

    def answered(self, ask: Ask, status: int, head: bytes, body: bytes) -> None:
        """Learn from an answer; a status of 0 is none."""
        if ask.kind == BOOK and status == 201:
            self._visits.append(_Visit(json.loads(body)["id"], ask))
        elif ask.kind in (BOOK, HOLD) and ask.place:
            self._resting.append((time.monotonic() + _REST, ask.place, ask.slot))
        elif ask.kind == CANCEL and status == 200 and ask.place:
            self._free[ask.place].append(ask.slot)
        elif ask.kind == FRAGMENT and (told := _ETAG.search(head)):
            self._etags[ask.path] = told[1].decode()

    def _list(self) -> Ask:
        doctor, _ = self._doctor()
        day = self._day()
        path = f"/api/v1/slots/?doctor={doctor}&from={day}&to={day}"
        return self._get(LIST, path)

    def _page(self) -> Ask:
        _, slug = self._doctor()
        return self._get(PAGE, f"/doctors/{slug}/?date={self._day()}")

    def _fragment(self) -> Ask:
        """Look again: who has it as it is, is told so (304)."""
        _, slug = self._doctor()
        path = f"/doctors/{slug}/?date={self._day()}"
        headers = {"HX-Request": "true", "HX-Target": "day"}
        if known := self._etags.get(path):
            headers["If-None-Match"] = known
        return self._get(FRAGMENT, path, headers)

    def _get(
        self, kind: str, path: str, headers: Mapping[str, str] | None = None
    ) -> Ask:
        told = {**self.clinic.reader(), **(headers or {})}
        return Ask(kind, Request("GET", path, told).as_bytes(), path)

    def _book(self) -> Ask:
        return self._take(BOOK, "/api/v1/appointments/")

    def _hold(self) -> Ask:
        """Hold a time, and let that run out."""
        return self._take(HOLD, "/api/v1/holds/")

    def _take(self, kind: str, path: str) -> Ask:
        self._wake_up()
        place = self._doctor()[0], self._day()
        free = self._free[place]
        if not free:  # nobody else can have it, either
            return self._list()
        n = self._dice.randrange(len(free))
        free[n], free[-1] = free[-1], free[n]
        slot, token = free.pop(), self._dice.choice(self.clinic.tokens)
        body = json.dumps({"slot": slot})
        return Ask(kind, self._post(path, token, body), path, slot, place, token)

    def _wake_up(self) -> None:
        while self._resting and self._resting[0][0] < time.monotonic():
            _, place, slot = self._resting.popleft()
            self._free[place].append(slot)

    def _cancel(self) -> Ask:
        """Cancel what was booked first of all that is there."""
        if not self._visits:
            return self._list()
        visit = self._visits.popleft()
        path = f"/api/v1/appointments/{visit.id}/cancel/"
        raw = self._post(path, visit.made_by.token, "{}")
        return replace(visit.made_by, kind=CANCEL, request=raw, path=path)

    def _post(self, path: str, token: str, body: str) -> bytes:
        [request] = posts(path, [(self.clinic.host, token, body)])
        return request.as_bytes()

    def _doctor(self) -> tuple[str, str]:
        [found] = self._dice.choices(self.clinic.doctors, self._weights)
        return found

    def _day(self) -> date:
        [found] = self._dice.choices(self.days, popularity(len(self.days)))
        return found


def popularity(number: int) -> list[float]:
    """The second is asked for half as often as the first, the third a third as often."""
    return [1 / n for n in range(1, number + 1)]


def mixed(shares: Mapping[str, int]) -> Iterator[str]:
    """Yield kinds without an end, in one order that has each as often as it should be."""
    deck = [kind for kind, share in shares.items() for _ in range(share)]
    random.Random(7).shuffle(deck)  # noqa: S311 (the same each time)
    return cycle(deck)


def only(kind: str, number: int) -> Iterator[str]:
    return islice(cycle([kind]), number)
