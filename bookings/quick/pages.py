"""A doctor's page for strangers: as Django made it, for as long as nothing has changed.

Django renders it once; the bytes are kept with a mark of all that such a page can depend
on in the clinic. As with lists, who asks is given them only after a look at that mark
which began when they had asked, and one look serves all who ask at that moment. What is
each visitor's own (the token of forms, the nonce of scripts) is put in anew each time.
Whoever has a session is left to Django: something may be held for them.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse, parse_cookie
from django.middleware.csrf import get_token
from django.utils.http import parse_etags

from bookings.pages import doctors
from bookings.quick.asked import Answer, Asked, Headers
from bookings.quick.memory import Memory
from tenants import pools
from tenants.pools import NoConnectionError
from tenants.turns import Turns
from tenants.wire import Step

if TYPE_CHECKING:
    from tenants.models import Clinic

App = Callable[[Any, Any, Any], Awaitable[None]]
Key = tuple[UUID, str, str, str, str, bool]

_MOST_BYTES = 32 * 1024 * 1024
_SECRET = "A" * 32  # of the visitor in whose name a page is made
_TOKEN = re.compile(rb'(?<=name="csrfmiddlewaretoken" value=")[A-Za-z0-9]{64}(?=")')
_IS_SECRET = re.compile(r"[A-Za-z0-9]{32}")
# Of the visitor, or of one answer; the rest is the page's.
_NOT_KEPT = frozenset({b"set-cookie", b"content-length", b"server", b"date"})

# xmin is the version of a row: a sum of them changes when any of the rows does.
_LOOK = """
    SELECT clock_timestamp(),
        (SELECT sum(xmin::text::bigint) FROM {schema}bookings_doctor),
        (SELECT sum(xmin::text::bigint) FROM {schema}bookings_service),
        (SELECT sum(xmin::text::bigint) FROM {schema}bookings_location),
        (SELECT sum(xmin::text::bigint) FROM {schema}bookings_practice),
        (SELECT sum(xmin::text::bigint + id) FROM {schema}bookings_doctor_services),
        (SELECT xmin::text FROM public.tenants_clinic WHERE id = %s)
"""
_LOOK_AT_DAYS = """
    SELECT (SELECT coalesce(sum(revision), 0)::bigint
        FROM {schema}bookings_doctorday AS known
        JOIN {schema}bookings_doctor AS doctor ON doctor.id = known.doctor_id
        WHERE doctor.slug = asked.slug AND known.day >= current_date - 2)
    FROM unnest(%s::text[]) WITH ORDINALITY AS asked (slug, n) ORDER BY n
"""
# One doctor after the other: an index finds the days of each, however many went by.
_LOOK_AT_ALL_DAYS = """
    SELECT coalesce(sum((SELECT sum(known.revision)
        FROM {schema}bookings_doctorday AS known
        WHERE known.doctor_id = doctor.id AND known.day >= current_date - 2)), 0)::bigint
    FROM {schema}bookings_doctor AS doctor
"""


@dataclass(frozen=True)
class Wanted:
    """What must be known before a page may be shown."""

    slug: str
    needs_others: bool  # other doctors' days, too


@dataclass(frozen=True)
class Look:
    """How the clinic stands: pages that were made at an equal one are true."""

    now: datetime
    clinic: tuple[Any, ...]
    days: int
    all_days: int | None  # of all doctors, if it was asked for


@dataclass(frozen=True)
class Page:
    """What Django said, cut where a visitor's own words belong."""

    look: Look
    until: datetime  # then time itself has changed something
    needs_others: bool
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
        mine = self.look
        return (
            look.now < self.until
            and (mine.clinic, mine.days) == (look.clinic, look.days)
            and (not self.needs_others or mine.all_days == look.all_days)
        )


class Pages:
    """The route; lives in one event loop."""

    def __init__(self, django: App) -> None:
        self._django = django
        self._turns = Turns[Wanted, Look](_look, most=1000, waiting=4000, at_once=2)
        self._memory = Memory[Key, Page](_MOST_BYTES)
        self._making: dict[tuple[Any, ...], asyncio.Task[Page | None]] = {}

    async def answer(self, asked: Asked) -> Answer | None:
        """Answer with a page; None where Django is to answer.

        Raises:
            FullError: too many are waiting.
        """
        cookies = parse_cookie(asked.header(b"cookie"))
        if not _is_plain(asked, cookies):
            return None
        key = _key(asked, cookies.get("tz", ""))
        known = self._memory.get(key)
        slug = asked.path.split("/")[2]
        wanted = Wanted(slug, known is None or known.needs_others)
        try:
            look = await self._turns.ask(asked.clinic, wanted)
        except (NoConnectionError, psycopg.Error):
            return None
        page = await self._page(asked, key, look)
        if page is None:
            return None
        if page.etag and page.etag in parse_etags(asked.header(b"if-none-match")):
            return Answer(304, b"", page.headers)
        return _told(page, cookies.get(settings.CSRF_COOKIE_NAME, ""))

    async def _page(self, asked: Asked, key: Key, look: Look) -> Page | None:
        page = self._memory.get(key)
        if page and page.is_true_at(look):
            return page
        about = (key, look.clinic, look.days, look.all_days)
        task = self._making.get(about)
        if task is None:
            task = asyncio.create_task(_made(self._django, asked, key, look))
            self._making[about] = task
            task.add_done_callback(lambda _: self._making.pop(about))
        page = await asyncio.shield(task)
        if page:
            self._memory.keep(key, page)
        return page


async def _look(clinic: "Clinic", asked: Sequence[Wanted]) -> list[Look]:
    slugs = list(dict.fromkeys(each.slug for each in asked))
    steps: list[Step] = [(_LOOK, [clinic.pk]), (_LOOK_AT_DAYS, [slugs])]
    if any(each.needs_others for each in asked):
        steps.append((_LOOK_AT_ALL_DAYS, ()))
    async with pools.borrowed(clinic) as wire:
        [[now, *about]], days, *of_all = await wire.run(*steps)
    all_days = of_all[0][0][0] if of_all else None
    looks = {
        slug: Look(now, tuple(about), own, all_days)
        for slug, (own,) in zip(slugs, days, strict=True)
    }
    return [looks[each.slug] for each in asked]


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
    await django({**_scope(asked, zone), doctors.KEPT: kept}, receive, send)
    start, body = sent[0], b"".join(each.get("body", b"") for each in sent[1:])
    headers = [(n, v) for n, v in start["headers"] if n.lower() not in _NOT_KEPT]
    if start["status"] != 200 or not kept:
        return None
    said = {name.lower(): value for name, value in headers}
    nonce = re.search(rb"'nonce-([^']+)'", said.get(b"content-security-policy", b""))
    return Page(
        look,
        kept["until"],
        kept["needs_others"],
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
        body = _token(secret).join(page.pieces)
    if page.nonce:
        nonce = secrets.token_urlsafe(16).encode()
        headers = [(n, v.replace(page.nonce, nonce)) for n, v in headers]
        if page.has_nonce:
            body = body.replace(page.nonce, nonce)
    return Answer(page.status, body, headers)


def _token(secret: str) -> bytes:
    """Mask the secret for this answer, as Django does."""
    request = HttpRequest()
    request.META["CSRF_COOKIE"] = secret
    return get_token(request).encode()


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
