"""Idempotency: the same request twice is done once (IETF idempotency-key draft 07).

The key is a parameter of the action, since the transaction is inside: the answer is
kept in the very transaction that did the work, so neither can exist without the other.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection

from bookings.errors import BookingError, KeyInFlightError, KeyMismatchError
from bookings.locking import number_of
from bookings.models import KeptAnswer

Asked = ParamSpec("Asked")
Result = TypeVar("Result")

KEEP = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """What an edge said: an HTTP status and a JSON body."""

    status: int
    body: Any


class Replay(Exception):  # noqa: N818 (not an error: the answer is there already)
    """Carries the answer that the first request was given."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True)
class Once:
    """One request that may come again.

    Args:
        caller: who asks, so that a guessed key never shows another's booking; only a
            hash of it is kept.
        key: the Idempotency-Key header.
        request: whatever makes two requests the same: method, path, body.
        answer: turns what the action returns into the answer to keep.
    """

    caller: str
    key: str
    request: bytes
    answer: Callable[[Any], Answer] = field(compare=False)

    def look(self) -> None:
        """Raise `Replay` if this was answered before.

        Raises:
            Replay: with the kept answer.
            KeyMismatchError: the key was used for another request.
        """
        kept = KeptAnswer.objects.filter(caller=self.caller_hash, key=self.key).first()
        if kept is None:
            return
        if kept.fingerprint != self._fingerprint:
            raise KeyMismatchError
        raise Replay(Answer(kept.status, kept.body))

    def enter(self) -> None:
        """Be the only one with this key until the transaction ends, or say so.

        Raises:
            KeyInFlightError: another transaction has the key right now.
            Replay, KeyMismatchError: as `look`.
        """
        with connection.cursor() as cursor:
            # The schema's oid keeps equal keys of two clinics apart.
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock(%s # to_regnamespace"
                "(current_schema()::text)::oid::bigint)",
                [self.lock_number],
            )
            row = cursor.fetchone()
        if not (row and row[0]):
            raise KeyInFlightError
        self.look()

    def keep(self, result: Any, now: datetime) -> None:
        """Keep the answer to `result`, in the transaction that made it."""
        self.keep_answer(self.answer(result), now)

    def keep_answer(self, answer: Answer, now: datetime) -> None:
        """Keep an answer; a final refusal is one, in a transaction of its own."""
        KeptAnswer.objects.bulk_create([self.row(answer, now)], ignore_conflicts=True)

    def row(self, answer: Answer, now: datetime) -> KeptAnswer:
        """The row that keeps an answer, unsaved."""
        return KeptAnswer(
            caller=self.caller_hash,
            key=self.key,
            fingerprint=self._fingerprint,
            status=answer.status,
            body=answer.body,
            created_at=now,
        )

    @property
    def lock_number(self) -> int:
        """The advisory lock that only one transaction with this key can have."""
        return number_of(f"{self.caller_hash}:{self.key}")

    @property
    def caller_hash(self) -> str:
        return hashlib.sha256(self.caller.encode()).hexdigest()

    @property
    def _fingerprint(self) -> str:
        return hashlib.sha256(self.request).hexdigest()


def repeatable(action: Callable[Asked, Result]) -> Callable[Asked, Result]:
    """Let an action with a parameter `once` be asked again without doing it again.

    Looks for the kept answer before, and once more if it was refused: a twin may have
    been faster, and then the refusal is about our own success.

    Raises:
        Replay, KeyMismatchError: as `Once.look`.
    """

    @wraps(action)
    def asked(*args: Asked.args, **wishes: Asked.kwargs) -> Result:
        once = wishes.get("once")
        if not isinstance(once, Once):
            return action(*args, **wishes)
        once.look()
        try:
            return action(*args, **wishes)
        except BookingError:
            once.look()
            raise

    return asked


def forget_old(now: datetime) -> int:
    """Drop answers past their 24 hours; returns how many."""
    dropped, _ = KeptAnswer.objects.filter(created_at__lt=now - KEEP).delete()
    return dropped
