"""A partner's program: books, moves and cancels over the API, with keys and retries."""

import random
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx

from bookings.tests.make import PASSWORD
from bookings.tests.stress.client import Client, Path
from bookings.tests.stress.doors import Doors
from bookings.tests.stress.operations import Notebook, Operation
from bookings.tests.stress.world import RECEPTION, Kind, Time, World

TRIES = 12  # blind ones, with the same key


@dataclass(frozen=True)
class Visit:
    """What is known of a booking: enough to move and to cancel it."""

    id: str
    reference: str
    kind: Kind


@dataclass
class Board:
    """The visits that all programs know: several may be at the same one at once."""

    visits: list[Visit] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, visit: Visit) -> None:
        with self.lock:
            self.visits.append(visit)

    def pick(self, dice: random.Random) -> Visit | None:
        with self.lock:
            return dice.choice(self.visits) if self.visits else None

    def drop(self, visit: Visit) -> None:
        with self.lock:
            self.visits = [each for each in self.visits if each != visit]


class Program(Client):
    """One client of the API."""

    def __init__(
        self, name: str, world: World, doors: Doors, notes: Notebook, board: Board
    ) -> None:
        super().__init__(name, world, doors.dice, notes)
        self.doors, self.board = doors, board
        self._token = ""
        # One line adds a path.
        self.paths = [
            Path(5, self.book, books=True),
            Path(8, self.book_for_oneself, books=True),
            Path(3, self.book_with_hold, books=True),
            Path(2, self.book_twice_at_once, books=True),
            Path(1, self.hold_and_let_go),
            Path(6, self.cancel),
            Path(4, self.move),
            Path(4, self.look, books=True),
        ]

    # The paths --------------------------------------------------------------------------

    def book(self) -> None:
        time, kind = self.any_time()
        with self._noted("api book", "book", time, kind) as operation:
            body = self._booking(time, kind, operation.mark)
            self._booked(operation, kind, self._post(operation, "appointments/", body))

    def book_for_oneself(self) -> None:
        """As most do: these are booked together, on the event loop."""
        time, kind = self.any_time()
        token = self.dice.choice(self.world.tokens)
        with self._noted("api book for oneself", "book", time, kind) as operation:
            wish = {"slot": time.id, "service": kind.id, "reason": operation.mark}
            response = self._post(operation, "appointments/", wish, token=token)
            self._booked(operation, kind, response)

    def book_with_hold(self) -> None:
        time, kind = self.any_time()
        token = self._hold(time, kind)
        if not token:
            return
        with self._noted("api book held", "book", time, kind) as operation:
            body = self._booking(time, kind, operation.mark) | {"hold": token}
            self._booked(operation, kind, self._post(operation, "appointments/", body))
        if operation.outcome != "ok":
            self._release(token)

    def book_twice_at_once(self) -> None:
        """The same request, sent by two at the same moment: one booking, one answer."""
        time, kind = self.any_time()
        with self._noted("api book twice", "book", time, kind) as operation:
            body = self._booking(time, kind, operation.mark)
            other = Operation(self.name, "", "", 0, mark=operation.mark)
            twin = threading.Thread(target=self._as_twin, args=(other, body))
            twin.start()
            response = self._post(operation, "appointments/", body)
            twin.join()
            operation.answers = other.answers + operation.answers
            self._booked(operation, kind, response)
            if late := next((a.reference for a in other.answers if a.reference), ""):
                operation.done({late: operation.runs[0]})  # the second time it worked

    def hold_and_let_go(self) -> None:
        token = self._hold(*self.any_time())
        if token:
            self._release(token)

    def cancel(self) -> None:
        visit = self.board.pick(self.dice)
        if visit is None:
            return
        with self.notes.operation(
            self.name, "api cancel", "cancel", who=visit.reference, mark=self.new_mark()
        ) as operation:
            path = f"appointments/{visit.id}/cancel/"
            response = self._post(operation, path, {}, as_staff=True)
            self._changed(operation, response)
        self.board.drop(visit)

    def move(self) -> None:
        visit = self.board.pick(self.dice)
        if visit is None:
            return
        time = self.dice.choice(self.world.hot)
        with self._noted("api move", "move", time, visit.kind) as operation:
            operation.who = visit.reference
            path = f"appointments/{visit.id}/reschedule/"
            body = {"slot": time.id}
            self._changed(operation, self._post(operation, path, body, as_staff=True))

    def look(self) -> None:
        time = self.dice.choice(self.world.hot)
        with self._noted("api look", "look", time, self.world.short) as operation:
            response = self.doors.ask(operation, "GET", f"/api/v1/slots/{time.id}/")
            if response is not None and response.status_code == 200:
                is_taken = response.json()["status"] == "booked"
                operation.done()
                operation.code = "taken" if is_taken else "free"

    # What they share --------------------------------------------------------------------

    def _hold(self, time: Time, kind: Kind) -> str:
        with self._noted("api hold", "hold", time, kind) as operation:
            body = {"slot": time.id, "service": kind.id}
            response = self._post(operation, "holds/", body)
            if response is None or response.status_code != 201:
                operation.refuse(operation.answers[-1].code)
                return ""
            operation.done()
            return str(response.json()["token"])

    def _release(self, token: str) -> None:
        with self.notes.operation(self.name, "api release", "release") as operation:
            path = f"/api/v1/holds/{token}/"
            if self.doors.ask(operation, "DELETE", path, tries=3):
                operation.done()

    def _as_twin(self, other: Operation, body: Any) -> None:
        doors = Doors(
            self.doors.addresses,
            self.doors.host,
            self.doors.timeout,
            random.Random(other.mark),
            self.doors.is_patient,
        )
        try:
            self._post(other, "appointments/", body, doors=doors)
        finally:
            doors.close()

    def _post(
        self,
        operation: Operation,
        path: str,
        body: Any,
        *,
        as_staff: bool = False,
        token: str = "",
        doors: Doors | None = None,
    ) -> httpx.Response | None:
        headers = {"Idempotency-Key": operation.mark}
        if as_staff:
            token = self._token or self._log_in()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        response = (doors or self.doors).ask(
            operation,
            "POST",
            f"/api/v1/{path}",
            tries=TRIES,
            json=body,
            headers=headers,
        )
        if response is not None and response.status_code < 300:
            operation.answers[-1].reference = response.json().get("reference", "")
        if response is not None and response.status_code == 401:
            self._token = ""
        return response

    def _booked(
        self, operation: Operation, kind: Kind, response: httpx.Response | None
    ) -> None:
        if response is None or response.status_code != 201:
            operation.refuse(operation.answers[-1].code)
            return
        made = response.json()
        operation.done({made["reference"]: operation.runs[0]})
        self.board.add(Visit(made["id"], made["reference"], kind))

    def _changed(self, operation: Operation, response: httpx.Response | None) -> None:
        if response is not None and response.status_code == 200:
            operation.done()
        else:
            operation.refuse(operation.answers[-1].code)

    def _log_in(self) -> str:
        who = {"email": RECEPTION, "password": PASSWORD}
        with self.notes.operation(self.name, "api log-in", "log-in") as operation:
            answer = self.doors.ask(
                operation, "POST", "/api/v1/auth/token/", tries=40, json=who
            )
            if answer is not None and answer.status_code == 200:
                operation.done()
                self._token = answer.json()["access"]
        return self._token

    def _noted(self, path: str, what: str, time: Time, kind: Kind) -> Any:
        runs, mark = [self.world.run(time, kind)], self.new_mark()
        return self.notes.operation(self.name, path, what, runs=runs, mark=mark)

    def _booking(self, time: Time, kind: Kind, mark: str) -> dict[str, Any]:
        patient = {"name": mark, "email": f"{mark}@mail.example"}
        wish = {"slot": time.id, "service": kind.id, "reason": mark}
        return {**wish, "patient": patient}
