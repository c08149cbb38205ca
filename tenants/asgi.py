"""The door of websockets: host → clinic, and who is there.

Channels' own `AuthMiddlewareStack` would load session and user in whatever schema the
shared thread was left in; here one synchronous function does it inside the clinic.
"""

from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from asgiref.typing import WebSocketScope
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from tenants.context import Platform, clinic_context
from tenants.gate import is_serving
from tenants.hosts import UnknownHostError, remembered, resolve
from tenants.models import Clinic

App = Callable[[Any, Any, Any], Awaitable[None]]
_session_store = import_module(settings.SESSION_ENGINE).SessionStore


class ClinicSocket:
    """ASGI middleware: refuses a foreign Origin, then puts clinic and user in scope."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        admitted = await _admitted(scope)
        if admitted is None:
            await send({"type": "websocket.close", "code": 4404})
            return
        # Hours of an open page keep nothing of the handshake; thousands are open.
        scope["headers"].clear()
        names = ("clinic", "user", "session_key")
        scope.update(zip(names, admitted, strict=True))
        await self.app(scope, receive, send)


async def _admitted(scope: WebSocketScope) -> "Admitted | None":
    headers = _headers(scope)
    clinic = remembered(headers.get("host", ""))
    # A stranger at a clinic we know needs no database, and no wait for its thread.
    if isinstance(clinic, Clinic) and not _session_key(headers):
        return _admit_to(clinic, headers)
    return await database_sync_to_async(_admit)(headers)


def user_of_session(clinic: Clinic, session_key: str | None) -> Any:
    """Return who is logged in by this session at this clinic, else `AnonymousUser`."""
    if not session_key:
        return AnonymousUser()
    with clinic_context(clinic):
        request = HttpRequest()
        request.session = _session_store(session_key)
        return get_user(request)


Admitted = tuple[Clinic, Any, str | None]  # … user, key of the session


def _admit(headers: dict[str, str]) -> Admitted | None:
    try:
        clinic = resolve(headers.get("host", ""))
    except UnknownHostError:
        return None
    if isinstance(clinic, Platform):
        return None
    return _admit_to(clinic, headers)


def _admit_to(clinic: Clinic, headers: dict[str, str]) -> Admitted | None:
    """Ask the database only if there is a session."""
    is_ours = _same_origin(headers.get("origin"), headers.get("host", ""))
    if not is_ours or not is_serving(clinic):
        return None
    key = _session_key(headers)
    return clinic, user_of_session(clinic, key), key


def _session_key(headers: dict[str, str]) -> str | None:
    cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    return cookie.value if cookie else None


def _same_origin(origin: str | None, host: str) -> bool:
    """Hold Origin to the very host (and scheme): subdomains are same-site to cookies.

    Programs send no Origin; they have no ambient cookies of a browser to abuse.
    """
    if origin is None:
        return True
    parts = urlsplit(origin)
    return parts.scheme == settings.PUBLIC_SCHEME and parts.netloc == host


def _headers(scope: WebSocketScope) -> dict[str, str]:
    """Decode the headers; a repeated one becomes unusable instead of ambiguous."""
    seen: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin1").lower(), raw_value.decode("latin1")
        seen[name] = f"{seen[name]}, {value}" if name in seen else value
    return seen
