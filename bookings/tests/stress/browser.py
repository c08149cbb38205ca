"""A person with a browser: cookies, forms and their safety tokens, no script."""

import re
from typing import Any
from urllib.parse import urlsplit

import httpx

from bookings.tests.stress.client import Client, Path
from bookings.tests.stress.doors import Doors
from bookings.tests.stress.operations import Notebook, Operation
from bookings.tests.stress.world import Kind, Time, World

TRIES = 8  # presses of the same button while nobody answers
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_FREE = re.compile(r'id="slot-([^"]+)" data-status="free"')
# What a page says in words, and the API by a code.
_SAYINGS = {
    "has just taken": "slot_taken",
    "is holding": "slot_held",
    "could not book this time just now": "slot_busy",
    "hold has ended": "hold_expired",
    "Many people want": "slot_busy",
}


class Browser(Client):
    """One browser, and whoever sits in front of it."""

    def __init__(self, name: str, world: World, doors: Doors, notes: Notebook) -> None:
        super().__init__(name, world, doors.dice, notes)
        self.doors = doors
        self._mine: list[tuple[str, Kind, Time]] = []  # what this browser has booked
        self._csrf = ""
        # One line adds a path.
        self.paths = [
            Path(6, self.book, books=True),
            Path(3, self.cancel),
            Path(2, self.move),
        ]

    # The paths --------------------------------------------------------------------------

    def book(self) -> None:
        """Press a time; then type and book, or ask for more time first, or let it go."""
        wanted, kind = self.any_time()
        path = f"/doctors/{wanted.slug}/?date={wanted.day}&service={kind.slug}"
        page = self._open(path)
        if page is None:
            return
        time = self._choose(page.text, wanted)
        form = self._hold(path, time, kind)
        if not form or self._open(form) is None:
            return
        if self.dice.random() < 0.2:
            self._press("page renew", "renew", form, {"extend": "1"})
        if self.dice.random() < 0.15:
            self._press("page release", "release", f"{form}release/", {})
            return
        self._send(form, time, kind)

    def cancel(self) -> None:
        if not self._mine:
            return
        reference, _kind, _time = self._mine.pop(self.dice.randrange(len(self._mine)))
        path = f"/appointments/{reference}/cancel/"
        self._open(path)
        with self.notes.operation(
            self.name, "page cancel", "cancel", who=reference
        ) as operation:
            self._changed(operation, self._post(operation, path, {}), reference)

    def move(self) -> None:
        """Choose another time of the same doctor, and say twice that it is meant."""
        if not self._mine:
            return
        reference, kind, now_at = self.dice.choice(self._mine)
        others = [time for time in self.world.hot if time.doctor == now_at.doctor]
        time = self.dice.choice(others)
        path = f"/appointments/{reference}/move/"
        self._open(path)
        runs = [self.world.run(time, kind)]
        with self.notes.operation(
            self.name, "page move", "move", who=reference, runs=runs
        ) as operation:
            fields = {"slot": time.id, "sure": "1"}
            self._changed(operation, self._post(operation, path, fields), reference)

    # The steps of a path ----------------------------------------------------------------

    def _choose(self, page: str, wanted: Time) -> Time:
        """The time that is wanted; mostly another that is shown as free, if it is not."""
        shown = [self.world.times_by_id[each] for each in _FREE.findall(page)]
        if wanted in shown or not shown or self.dice.random() < 0.3:
            return wanted
        return self.dice.choice(shown)

    def _hold(self, path: str, time: Time, kind: Kind) -> str:
        """Press a time on the doctor's page; returns the address of the form."""
        runs = [self.world.run(time, kind)]
        with self.notes.operation(
            self.name, "page hold", "hold", runs=runs
        ) as operation:
            fields = {"slot": time.id, "service": kind.slug}
            response = self._post(operation, path, fields)
            if response is None or response.status_code != 302:
                operation.refuse(_said(response))
                return ""
            operation.done()
            return str(response.headers["location"])

    def _send(self, form: str, time: Time, kind: Kind) -> None:
        mark = self.new_mark()
        runs = [self.world.run(time, kind)]
        with self.notes.operation(
            self.name, "page book", "book", runs=runs, mark=mark
        ) as operation:
            person = {"name": mark, "email": f"{mark}@mail.example", "reason": mark}
            response = self._post(operation, form, person)
            reference = _reference_in(response)
            if not reference:
                operation.refuse(_said(response))
                return
            operation.answers[-1].reference = reference
            operation.done({reference: runs[0]})
        self._mine.append((reference, kind, time))

    def _changed(
        self, operation: Operation, response: httpx.Response | None, reference: str
    ) -> None:
        to = response.headers.get("location", "") if response is not None else ""
        if urlsplit(to).path == f"/appointments/{reference}/":
            operation.done()
        elif to:  # to where it says that it cannot be changed any more
            operation.refuse("already_cancelled")
        else:
            operation.refuse(_said(response))

    def _press(self, path: str, kind: str, url: str, fields: dict[str, str]) -> None:
        with self.notes.operation(self.name, path, kind) as operation:
            if self._post(operation, url, fields):
                operation.done()

    # Pages and forms --------------------------------------------------------------------

    def _open(self, path: str) -> httpx.Response | None:
        """Look at a page, and keep the safety token of its forms."""
        with self.notes.operation(self.name, "page open", "open") as operation:
            response = self.doors.ask(operation, "GET", path, tries=TRIES)
            if response is None:
                return None
            operation.done()
        if found := _CSRF.search(response.text):
            self._csrf = found[1]
        return response

    def _post(
        self, operation: Operation, path: str, fields: dict[str, Any]
    ) -> httpx.Response | None:
        sent = fields | {"csrfmiddlewaretoken": self._csrf}
        return self.doors.ask(operation, "POST", path, tries=TRIES, data=sent)


def _reference_in(response: httpx.Response | None) -> str:
    to = response.headers.get("location", "") if response is not None else ""
    found = re.fullmatch(r"/appointments/([^/]+)/", urlsplit(to).path)
    return found[1] if found else ""


def _said(response: httpx.Response | None) -> str:
    if response is None:
        return "lost"
    for saying, code in _SAYINGS.items():
        if saying in response.text:
            return code
    return f"page {response.status_code}"
