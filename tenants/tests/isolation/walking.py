"""Asks one address after the other, and looks at everything an answer leaves behind.

What a request writes is taken back before the next one, so that each finds the world
as it was made.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django_redis import get_redis_connection

from tenants import hosts
from tenants.context import clinic_context
from tenants.logs import ClinicFilter
from tenants.models import Clinic
from tenants.tests.isolation.marks import Marks, parts_of, parts_of_mail
from tenants.tests.isolation.rows import canary_of
from tenants.tests.isolation.visitors import Visitor

# Keys that belong to no clinic.
OF_NOBODY = ("platform:", "slotwell:platform:")


@dataclass
class Walker:
    """Walks at one host; `foreign` must never be seen there.

    Args:
        owner: in whose name caches and log lines must be: a clinic's, or None for the
            platform's.
    """

    host: str
    owner: Clinic | None
    foreign: list[Marks]
    findings: list[str] = field(default_factory=list)
    asked: int = 0
    seen_own: int = 0  # answers with a canary of the owner: the walk is not blind

    def __post_init__(self) -> None:
        self._client = Client(raise_request_exception=False)

    def ask(
        self,
        visitor: Visitor,
        method: str,
        path: str,
        *,
        is_htmx: bool = False,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> Any:
        """Send one request, note what is wrong with it, and return the answer."""
        what = f"{visitor.role}{' by htmx' if is_htmx else ''}: {method} {path}"
        sent = {"host": self.host} | (headers or {})
        if is_htmx:
            sent["hx-request"] = "true"
        if visitor.bearer and path.startswith("/api/"):
            sent["authorization"] = f"Bearer {visitor.bearer}"
        self._client.cookies = SimpleCookie(visitor.cookies)
        redis = get_redis_connection("default")
        redis.flushdb()
        hosts.forget()
        mail.outbox = []
        with _taken_back(), _logged() as lines:
            response: Any = self._client.generic(method, path, headers=sent, **body)
            self._look(what, path, response, lines)
        self._look_at_keys(what, redis)
        self.asked += 1
        return response

    def _look(self, what: str, path: str, response: Any, lines: list[str]) -> None:
        if response.status_code >= 500:
            self._note(what, f"{response.status_code}\n{_ends_of(lines)}")
        parts: list[Any] = list(parts_of(response))
        if self.owner and canary_of(self.owner).encode() in parts[-1]:
            self.seen_own += 1
        for marks in [each.but(path) for each in self.foreign]:
            for place, found in {
                "the answer": marks.seen_in(*parts),
                "a mail": marks.seen_in(*map(parts_of_mail, mail.outbox)),
                "the log": marks.seen_in(*lines),
            }.items():
                if found:
                    self._note(what, f"{place} shows {found} of {marks.owner}")
        self._look_at_names(what, response, lines)

    def _look_at_names(self, what: str, response: Any, lines: list[str]) -> None:
        """Cookies are this host's alone, log lines this clinic's."""
        for name, cookie in response.cookies.items():
            if cookie["domain"]:
                self._note(what, f"the cookie {name} has a domain")
        slug = self.owner.slug if self.owner else "-"
        for line in lines:
            if not line.startswith(f"{slug} "):
                self._note(what, f"this line is not {slug}'s: {line[:200]}")

    def _look_at_keys(self, what: str, redis: Any) -> None:
        for raw in redis.scan_iter(count=1000):
            name = raw.decode()
            if not name.startswith(self._own_keys()):
                self._note(what, f"the key {name} is nobody's, or another's")
            for marks in self.foreign:
                if found := marks.seen_in(name, *_values(redis, name)):
                    self._note(what, f"the key {name} has {found} of {marks.owner}")

    def _own_keys(self) -> tuple[str, ...]:
        if self.owner is None:
            return OF_NOBODY
        return (*OF_NOBODY, f"{self.owner.pk}:", f"slotwell:{self.owner.pk}:")

    def _note(self, what: str, found: str) -> None:
        self.findings.append(f"{what} – {found}")


@contextmanager
def _taken_back() -> Iterator[None]:
    """Do what waits for a commit, and then take all of it back."""
    outer = transaction.atomic()
    outer._from_testcase = True  # type: ignore[attr-defined]  # actions are durable
    waiting = len(connection.run_on_commit)
    with outer:
        tenant: Any = connection.tenant  # type: ignore[attr-defined]
        yield
        if not connection.needs_rollback:
            for work in [entry[1] for entry in connection.run_on_commit[waiting:]]:
                if isinstance(tenant, Clinic):
                    with clinic_context(tenant):
                        work()
        transaction.set_rollback(True)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.addFilter(ClinicFilter())
        self.setFormatter(logging.Formatter("{clinic} {name}: {message}", style="{"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Keep what is logged, with the clinic that the line is about."""
    handler, root = _Lines(), logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler.lines
    finally:
        root.removeHandler(handler)


def _ends_of(lines: list[str]) -> str:
    return "\n".join("\n".join(line.splitlines()[-5:]) for line in lines)


def _values(redis: Any, name: str) -> list[object]:
    """What a key has, whatever its type."""
    match redis.type(name):
        case b"string":
            return [redis.get(name)]
        case b"hash":
            return list(redis.hgetall(name).items())
        case b"set":
            return [redis.smembers(name)]
        case b"zset":
            return [redis.zrange(name, 0, -1)]
        case b"list":
            return [redis.lrange(name, 0, -1)]
        case _:
            return []
