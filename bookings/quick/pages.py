"""Pages of times for strangers: as Django made them, for as long as nothing has changed.

Django renders it once; the bytes are kept with what the page stands on: rows of the clinic,
and the revisions of the days that it shows. As with lists, who asks is given them only
after a look at these which began when they had asked, and one look serves all who ask at
that moment. What is each visitor's own (the token of forms, the nonce of scripts) is put in
anew each time.
Whoever has a session is left to Django: something may be held for them.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.http import HttpResponse, parse_cookie
from django.utils.http import parse_etags

from bookings.pages.grounds import KEPT
from bookings.quick import csrf
from bookings.quick.asked import Answer, Asked, Headers
from bookings.quick.looks import Look, Wanted, look_at
from bookings.quick.memory import Memory
from tenants.pools import NoConnectionError
from tenants.turns import Turns, alone

App = Callable[[Any, Any, Any], Awaitable[None]]
Key = tuple[UUID, str, str, str, str, bool]

_MOST_BYTES = 32 * 1024 * 1024
_TRIES = 3  # to be shown a page from memory; then Django makes one for who asks alone
_SECRET = "A" * 32  # of the visitor in whose name a page is made
_TOKEN = re.compile(rb'(?<=name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}(?=")')
_IS_SECRET = re.compile(r"[A-Za-z0-9]{32}")
# Of the visitor, or of one answer; the rest is the page's.
_NOT_KEPT = frozenset({b"set-cookie", b"content-length", b"server", b"date"})


@dataclass(frozen=True)
class Page:
    """What Django said, cut where a visitor's own words belong."""

    clinic: tuple[Any, ...]
    grounds: dict[str, Any]  # as `bookings.pages.grounds` says
    status: int
    headers: Headers
    pieces: list[bytes]  # tokens of forms stand between them
    nonce: bytes
    etag: str

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))

    @cached_property
    def has_nonce(self) -> bool:
        """Whether the nonce is not only in the headers."""
        return any(self.nonce in piece for piece in self.pieces)

    def is_true_at(self, look: Look) -> bool:
        mine = self.grounds
        return bool(
            look.now < mine["until"]
            and look.clinic == self.clinic
            and look.revision == mine["revision"]
            and look.others_revision == mine["others_revision"]
        )


class Pages:
    """The route; lives in one event loop."""

    def __init__(self, django: App) -> None:
        self._django = django
        self._turns = Turns[Wanted, Look](
            alone(look_at), most=1000, waiting=4000, at_once=2
        )
        self._memory = Memory[Key, Page](_MOST_BYTES)
        self._making: dict[Key, asyncio.Task[Page | None]] = {}

    async def answer(self, asked: Asked) -> Answer | None:
        """Answer with a page; None where Django is to answer.

        Raises:
            FullError: too many are waiting.
        """
        cookies = parse_cookie(asked.header(b"cookie"))
        if not _is_plain(asked, cookies):
            return None
        try:
            page = await self._page(asked, _key(asked, cookies.get("tz", "")))
        except (NoConnectionError, psycopg.Error):
            return None
        if page is None:
            return None
        known = asked.header(b"if-none-match")
        if page.etag and known and page.etag in parse_etags(known):
            return Answer(304, b"", page.headers)
        return _told(page, cookies.get(settings.CSRF_COOKIE_NAME, ""))

    async def _page(self, asked: Asked, key: Key) -> Page | None:
        """Return a page that is true: no older than the question, or looked at since."""
        for _ in range(_TRIES):
            page = self._memory.get(key)
            look = await self._turns.ask(asked.clinic, _wanted(asked, page))
            if page and page.is_true_at(look):
                return page
            task = self._making.get(key)
            if task is None:
                return await self._make(asked, key, look)
            # Others had it made before we asked: it may be old already.
            await asyncio.shield(task)
        return None

    async def _make(self, asked: Asked, key: Key, look: Look) -> Page | None:
        task = asyncio.create_task(_made(self._django, asked, key, look))
        self._making[key] = task
        task.add_done_callback(lambda _: self._making.pop(key))
        page = await asyncio.shield(task)
        if page:
            self._memory.keep(key, page)
        return page


def _wanted(asked: Asked, page: Page | None) -> Wanted:
    if page is None:
        return Wanted()
    slug = asked.path.strip("/").rpartition("/")[2]
    return Wanted(slug, page.grounds["days"], page.grounds["others_days"])


def _key(asked: Asked, zone: str) -> Key:
    is_fragment = b"hx-request" in asked.headers
    own = (asked.path, asked.query, asked.language, zone, is_fragment)
    return (asked.clinic.pk, *own)


def _is_plain(asked: Asked, cookies: dict[str, str]) -> bool:
    """Whether the page is the same for everybody like the one who asks."""
    return not (
        settings.SESSION_COOKIE_NAME in cookies
        or "messages" in cookies
        or b"authorization" in asked.headers
        or b"hx-history-restore-request" in asked.headers
        or asked.clinic.primary_domain not in ("", _host(asked))
        or len(asked.query) > 200
    )


def _host(asked: Asked) -> str:
    return asked.header(b"host").partition(":")[0]


async def _made(django: App, asked: Asked, key: Key, look: Look) -> Page | None:
    """Have Django make the page for somebody whose own words we know again."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    kept: dict[str, Any] = {}
    *_, zone, _ = key
    await django({**_scope(asked, zone), KEPT: kept}, receive, send)
    start, body = sent[0], b"".join(each.get("body", b"") for each in sent[1:])
    headers = [(n, v) for n, v in start["headers"] if n.lower() not in _NOT_KEPT]
    if start["status"] != 200 or not kept:
        return None
    said = {name.lower(): value for name, value in headers}
    nonce = re.search(rb"'nonce-([^']+)'", said.get(b"content-security-policy", b""))
    return Page(
        look.clinic,
        kept,
        start["status"],
        headers,
        _TOKEN.split(body),
        nonce[1] if nonce else b"",
        said.get(b"etag", b"").decode(),
    )


def _scope(asked: Asked, zone: str) -> dict[str, Any]:
    cookies = f"{settings.CSRF_COOKIE_NAME}={_SECRET}"
    if zone:
        cookies += f"; tz={zone}"
    kept = (b"host", b"hx-request", b"accept-language", b"x-forwarded-proto")
    headers = [(name, asked.headers[name]) for name in kept if name in asked.headers]
    return {**asked.scope, "headers": [*headers, (b"cookie", cookies.encode("latin1"))]}


def _told(page: Page, secret: str) -> Answer:
    headers = list(page.headers)
    if not _IS_SECRET.fullmatch(secret):
        secret = secrets.token_hex(16)
        headers.append((b"Set-Cookie", _cookie(secret)))
    body = page.pieces[0]
    if len(page.pieces) > 1:
        body = csrf.masked(secret).join(page.pieces)
    if page.nonce:
        nonce = secrets.token_urlsafe(16).encode()
        headers = [(n, v.replace(page.nonce, nonce)) for n, v in headers]
        if page.has_nonce:
            body = body.replace(page.nonce, nonce)
    return Answer(page.status, body, headers)


def _cookie(secret: str) -> bytes:
    return _cookie_now(int(time.time())).replace(_SECRET.encode(), secret.encode())


@lru_cache(maxsize=2)
def _cookie_now(second: int) -> bytes:
    """As Django writes it in this second: it names the time of its end."""
    del second
    answer = HttpResponse()
    answer.set_cookie(
        settings.CSRF_COOKIE_NAME,
        _SECRET,
        max_age=settings.CSRF_COOKIE_AGE,
        path=settings.CSRF_COOKIE_PATH,
        secure=settings.CSRF_COOKIE_SECURE,
        httponly=settings.CSRF_COOKIE_HTTPONLY,
        samesite="Lax",
    )
    return answer.cookies[settings.CSRF_COOKIE_NAME].OutputString().encode()
