"""`Idempotency-Key`: a POST that comes again is answered again, not done again.

The answer to what was done is kept by the action, in its transaction (`bookings.once`).
Refusals that stay true are kept here, after it. Whatever may go better next time
(somebody's hold, a busy lock, a throttle, our own failure) is not kept.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.throttle import client_address
from bookings import locking
from bookings.api.formats import etag
from bookings.once import Answer, Once

REPLAYED = "Idempotency-Replayed"
_FINAL = frozenset({"slot_taken", "too_late", "already_cancelled", "invalid"})
_LONGEST = 200  # characters


def once_of(request: Request, answer: Callable[[Any], Answer]) -> Once | None:
    """Read the request's key, if it has one, and see whether it was answered before.

    Raises:
        Replay: it was.
        KeyMismatchError: the key was used for another request.
        ParseError: the key is not one.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not is_key(key):
        raise exceptions.ParseError(_("Idempotency-Key: 1 to 200 plain characters."))
    asked = what_is_asked(str(request.method), request.path, request.data)
    once = Once(_caller(request), key, asked, answer)
    once.look()
    return once


def is_key(told: str) -> bool:
    """Whether a header may be a key: 1 to 200 plain characters."""
    return 0 < len(told) <= _LONGEST and told.isascii() and told.isprintable()


def what_is_asked(method: str, path: str, body: Any) -> bytes:
    """What makes two requests the same: the order of names does not."""
    return f"{method} {path}\n{json.dumps(body, sort_keys=True)}".encode()


def guest_caller(address: str) -> str:
    """Name a guest, of whom only the address is known."""
    return f"guest:{address}"


def user_caller(user_id: UUID) -> str:
    """Name who asks with a token."""
    return f"user:{user_id}"


def keep_refusal(once: Once, response: Response) -> None:
    """Keep an answer that would be the same next time."""
    if response.status_code < 400 or REPLAYED in response.headers:
        return
    body = response.data
    if isinstance(body, dict) and body.get("code") in _FINAL:
        answer = Answer(response.status_code, body)
        locking.durably(lambda: once.keep_answer(answer, locking.clock()))


def replay(answer: Answer) -> Response:
    """Answer as the first time, and say that it is a repeat."""
    headers = {REPLAYED: "true"}
    if answer.status < 400 and "version" in answer.body:
        headers["ETag"] = etag(answer.body["version"])
    media_type = "application/problem+json" if answer.status >= 400 else None
    return Response(answer.body, answer.status, None, headers, False, media_type)  # noqa: FBT003


def _caller(request: Request) -> str:
    """Name who asks; a guest is known by the address only."""
    if isinstance(request.user, User):
        return user_caller(request.user.pk)
    return guest_caller(client_address(request._request))
