"""The first door of ASGI: a few plain requests are answered here, all others by Django."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from bookings.quick.asked import Answer, Asked, Headers
from bookings.quick.routes import Route, Routes
from tenants import hosts
from tenants.gate import is_serving
from tenants.models import Clinic
from tenants.refusals import overloaded
from tenants.turns import FullError

App = Callable[[Any, Any, Any], Awaitable[None]]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]

_LONGEST_BODY = 64 * 1024  # bytes
# Said twice, they could be read in two ways.
_ONCE = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"if-none-match",
        b"transfer-encoding",
        b"x-forwarded-for",
        b"x-forwarded-proto",
    }
)


class Door:
    """Sends a request to its route; to Django when the route does not want it."""

    def __init__(self, django: App) -> None:
        self._django = django
        self._routes: WeakKeyDictionary[asyncio.AbstractEventLoop, Routes] = (
            WeakKeyDictionary()
        )
        self._lookups: dict[str, asyncio.Task[Clinic | None]] = {}

    async def __call__(self, scope: Any, receive: Receive, send: Any) -> None:
        route = self._routes_here().find(scope["method"], scope["path"])
        headers = _headers(scope) if route else None
        if route is None or headers is None:
            await self._django(scope, receive, send)
            return
        read: list[Message] = []
        try:
            answer = await self._answer(route, scope, headers, receive, read)
        except FullError:
            await _send_overloaded(scope["path"], send)
            return
        if answer is None:
            await self._django(scope, _again(read, receive), send)
        else:
            await _send(answer, send)

    def _routes_here(self) -> Routes:
        loop = asyncio.get_running_loop()
        routes = self._routes.get(loop)
        if routes is None:
            routes = self._routes[loop] = Routes(self._django)
        return routes

    async def _answer(
        self,
        route: Route,
        scope: Any,
        headers: dict[bytes, bytes],
        receive: Receive,
        read: list[Message],
    ) -> Answer | None:
        """Ask the route.

        Args:
            read: gets what was received, so that Django can read it too.
        """
        host = headers.get(b"host", b"").decode("latin1")
        if settings.SECURE_SSL_REDIRECT and not _is_secure(scope, headers, host):
            return None
        clinic = await self._clinic(host)
        if clinic is None or not is_serving(clinic):
            return None
        body = b""
        if scope["method"] == "POST":
            if not _is_short(headers):
                return None
            body = await _whole(receive, read)
        asked = Asked(clinic, scope, headers, body)
        answer = await route(asked)
        return answer and _with_standing_headers(answer, asked.language)

    async def _clinic(self, host: str) -> Clinic | None:
        """Whose host it is: from memory, or looked up once for all who ask."""
        known = hosts.remembered(host)
        if known is None:
            task = self._lookups.get(host)
            if task is None:
                task = self._lookups[host] = asyncio.create_task(_look_up(host))
                task.add_done_callback(lambda _: self._lookups.pop(host, None))
            return await asyncio.shield(task)
        return known if isinstance(known, Clinic) else None


@database_sync_to_async
def _look_up(host: str) -> Clinic | None:
    try:
        found = hosts.resolve(host)
    except (hosts.UnknownHostError, DisallowedHost, OperationalError, InterfaceError):
        return None  # Django says so
    return found if isinstance(found, Clinic) else None


def _headers(scope: Any) -> dict[bytes, bytes] | None:
    """Return the headers by name; None if one is there twice that must not be."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in found:
            if name in _ONCE:
                return None
            found[name] += (b"; " if name == b"cookie" else b", ") + value
        else:
            found[name] = value
    return found


def _is_secure(scope: Any, headers: dict[bytes, bytes], host: str) -> bool:
    """Whether it came by https, to a host whose standing headers are ours to say."""
    if not hosts.name_in(host).endswith(f".{settings.BASE_DOMAIN}"):
        return False
    if settings.TRUSTED_PROXIES:
        return headers.get(b"x-forwarded-proto") == b"https"
    return bool(scope.get("scheme") == "https")


def _is_short(headers: dict[bytes, bytes]) -> bool:
    told = headers.get(b"content-length", b"")
    is_told = told.isdigit() and b"transfer-encoding" not in headers
    return is_told and int(told) <= _LONGEST_BODY


async def _whole(receive: Receive, read: list[Message]) -> bytes:
    while True:
        message = await receive()
        read.append(message)
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return b"".join(each.get("body", b"") for each in read)


def _again(read: list[Message], receive: Receive) -> Receive:
    """Let Django receive what was read here, and then what comes."""
    waiting = iter(read)

    async def receive_again() -> Message:
        for message in waiting:
            return message
        return await receive()

    return receive_again


def _with_standing_headers(answer: Answer, language: str) -> Answer:
    """Add what Django's middleware says of every answer."""
    is_secure = bool(settings.SECURE_SSL_REDIRECT)
    said = {name.lower() for name, _ in answer.headers}
    standing = [
        (b"Cache-Control", b"no-store"),
        (b"Content-Language", language.encode()),
        (b"Content-Length", str(len(answer.body)).encode()),
        (b"Vary", b"Accept-Language, Cookie"),
        *_security_headers(is_secure=is_secure),
    ]
    more = [each for each in standing if each[0].lower() not in said]
    return Answer(answer.status, answer.body, answer.headers + more)


@lru_cache(maxsize=2)
def _security_headers(*, is_secure: bool) -> Headers:
    """Ask the middleware itself, once."""
    request: Any = HttpRequest()
    request.is_secure = lambda: is_secure
    request.get_host = lambda: settings.BASE_DOMAIN
    answer = HttpResponse()
    del answer.headers["Content-Type"]
    for middleware in (XFrameOptionsMiddleware, CSPMiddleware, SecurityMiddleware):
        middleware(lambda _: answer).process_response(request, answer)
    return [(name.encode(), value.encode()) for name, value in answer.items()]


async def _send_overloaded(path: str, send: Any) -> None:
    refused = overloaded(path)
    headers = [(name.encode(), value.encode()) for name, value in refused.items()]
    await _send(Answer(refused.status_code, refused.content, headers), send)


async def _send(answer: Answer, send: Any) -> None:
    start = {"type": "http.response.start", "status": answer.status}
    await send({**start, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})
