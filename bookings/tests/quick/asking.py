"""Requests through the first door of ASGI, in this process: who answered them is told."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from bookings import locking
from bookings.actions import holds
from bookings.actions.crowd import locks
from bookings.models import Slot
from bookings.quick import booking
from bookings.tests import make
from config.door import Door
from config.threads import ThreadsHandler
from tenants import pools
from tenants.context import clinic_context

# Django reads this one: the loop takes only the plainest form.
DJANGO = "application/json; charset=utf-8"


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    by_django: bool

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Program:
    """Asks a clinic; several questions of one `ask` are asked at once."""

    clinic: Any
    token: str = ""
    host: str = ""
    more: list[tuple[str, str]] = field(default_factory=list)

    def post(self, body: Any, /, **headers: str) -> Reply:
        return ask([self.booking(body, **headers)])[0]

    def get(
        self, path: str, query: str, *, by_django: bool = False, **headers: str
    ) -> Reply:
        return ask([self.reading(path, query, by_django=by_django, **headers)])[0]

    def reading(
        self, path: str, query: str, *, by_django: bool = False, **headers: str
    ) -> "Question":
        """A question; `by_django`: put so that the loop does not take it."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            said["authorization"] = f"Bearer {self.token}"
        more = [("x-forwarded-proto", "http")] * 2 if by_django else []
        return Question(
            self._host(), [*said.items(), *self.more, *more], b"", "GET", path, query
        )

    def interleaved(
        self,
        path: str,
        query: str,
        scene: Callable[[Callable[[], Reply]], list[Reply]],
    ) -> list[Reply]:
        """Play a scene in a thread, whose `reading()` asks one and the same process."""
        return asyncio.run(_played(self.reading(path, query), scene, self.clinic))

    def _host(self) -> str:
        return self.host or f"{self.clinic.slug}.localhost"

    def booking(self, body: Any, /, **headers: str) -> "Question":
        said = {"content-type": "application/json"}
        if self.token:
            said["authorization"] = f"Bearer {self.token}"
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Question(self._host(), [*said.items(), *self.more], raw)


@dataclass
class Question:
    host: str
    headers: list[tuple[str, str]]
    body: bytes
    method: str = "POST"
    path: str = "/api/v1/appointments/"
    query: str = ""

    def scope(self) -> dict[str, Any]:
        named = [("host", self.host), ("content-length", str(len(self.body)))]
        return {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "query_string": self.query.encode(),
            "root_path": "",
            "client": ("127.0.0.1", 4711),
            "server": ("127.0.0.1", 8000),
            "headers": [(n.encode(), v.encode()) for n, v in named + self.headers],
        }


def ask(questions: Iterable[Question]) -> list[Reply]:
    """Ask many things at the same time."""
    return asyncio.run(_all(list(questions)))


async def _all(questions: list[Question]) -> list[Reply]:
    door = _Watched()
    try:
        return list(await asyncio.gather(*(door.answer(each) for each in questions)))
    finally:
        # The worker is woken, and pages are told, a little later.
        await asyncio.gather(booking.tasks.end(), locks.tasks.end())
        await pools.close()


async def _played(
    question: Question, scene: Callable[[Any], list[Reply]], clinic: Any
) -> list[Reply]:
    door, loop = _Watched(), asyncio.get_running_loop()

    def reading() -> Reply:
        return asyncio.run_coroutine_threadsafe(door.answer(question), loop).result()

    def play() -> list[Reply]:
        with clinic_context(clinic):
            try:
                return scene(reading)
            finally:
                connection.close()

    try:
        return await asyncio.to_thread(play)
    finally:
        await pools.close()


class _Watched:
    """The door as production opens it, with a look at whom it lets through."""

    def __init__(self) -> None:
        self._threads = ThreadsHandler()
        self._door = Door(self._django)

    async def answer(self, question: Question) -> Reply:
        scope = question.scope()
        sent: list[Any] = []
        await self._door(scope, _receiving(question.body), _into(sent))
        start, *rest = sent
        headers = {n.decode().lower(): v.decode() for n, v in start["headers"]}
        body = b"".join(each.get("body", b"") for each in rest)
        return Reply(start["status"], headers, body, "django" in scope)

    async def _django(self, scope: Any, receive: Any, send: Any) -> None:
        scope["django"] = True
        await self._threads(scope, receive, send)


def _receiving(body: bytes) -> Callable[[], Awaitable[dict[str, Any]]]:
    parts = iter([body[: len(body) // 2], body[len(body) // 2 :]])

    async def receive() -> dict[str, Any]:
        part = next(parts, None)
        if part is None:
            return {"type": "http.disconnect"}
        has_more = part != body[len(body) // 2 :]
        return {"type": "http.request", "body": part, "more_body": has_more}

    return receive


def _into(sent: list[Any]) -> Callable[[Any], Awaitable[None]]:
    async def send(message: Any) -> None:
        sent.append(message)

    return send


def told(headers: dict[str, str]) -> dict[str, Any]:
    """Headers that two answers to the same have in common; a policy in any order."""
    own = {"content-length", "content-security-policy"}
    policy = sorted(headers["content-security-policy"].split("; "))
    return {**{n: v for n, v in headers.items() if n not in own}, "csp": policy}


def before_and_after_a_hold(slot: Slot) -> Callable[[Any], list[Reply]]:
    """A scene: somebody reads while a time is held, and again when that has run out."""
    make.practice(hold_minutes=1)
    soon = locking.clock() - timedelta(seconds=57.5)

    def scene(reading: Callable[[], Reply]) -> list[Reply]:
        holds.place(slot_id=slot.pk, holder="h", now=soon)
        first = reading()
        time.sleep(2.6)
        return [first, reading()]

    return scene
