"""Sends the waiting messages of one clinic: at least once each, oldest first.

No transaction stays open while the mail server talks. A row is taken by a lease (its
`due_at` is pushed ahead, under `FOR UPDATE SKIP LOCKED`), sent, and then marked. Killed
in between, it falls due again and leaves once more under the same Message-ID.

Messages of one appointment leave in the order of its changes.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction
from django.db.models import Exists, F, OuterRef

from bookings import locking
from bookings.models import OutboxMessage
from bookings.outbox import faults, mail

logger = logging.getLogger(__name__)
State = OutboxMessage.State

LEASE = timedelta(seconds=45)  # above what one message takes with all its time-outs
PAUSES = [  # after the first failed attempt, the second, …; after the last, given up
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=20),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=12),
    timedelta(hours=24),
]


def send_waiting(
    *, now: datetime | None = None, is_stopping: Callable[[], bool] = lambda: False
) -> int:
    """Send what is due at the current clinic; returns how many messages left.

    Args:
        now: judge by this instant instead of the database's clock.
        is_stopping: asked before each message.
    """
    sent = 0
    with _Server() as server:
        while not is_stopping():
            moment = now or locking.clock()
            message = _take(moment)
            if message is None:
                break
            sent += _deliver(message, server, moment)
    return sent


def next_due() -> datetime | None:
    """When the current clinic's next message is to leave."""
    waiting = OutboxMessage.objects.filter(state=State.WAITING).order_by("due_at")
    return waiting.values_list("due_at", flat=True).first()


def has_due(now: datetime) -> bool:
    """Whether the current clinic has a message that is to leave."""
    return OutboxMessage.objects.filter(state=State.WAITING, due_at__lte=now).exists()


def _take(now: datetime) -> OutboxMessage | None:
    """Lease the first message that is due, and count the attempt."""
    waiting = OutboxMessage.objects.filter(state=State.WAITING)
    earlier = waiting.filter(
        change__appointment=OuterRef("change__appointment"),
        change__version__lt=OuterRef("change__version"),
    )
    with transaction.atomic():
        due = waiting.filter(due_at__lte=now).exclude(Exists(earlier))
        locked = due.select_for_update(skip_locked=True, of=("self",))
        taken = locked.order_by("due_at", "id").values_list("pk", flat=True).first()
        if taken is None:
            return None
        row = OutboxMessage.objects.filter(pk=taken)
        row.update(due_at=now + LEASE, attempts=F("attempts") + 1)
    return row.select_related(
        "change__appointment__doctor",
        "change__appointment__service",
        "change__appointment__location",
        "change__appointment__patient__guardian",
    ).get()


def _deliver(message: OutboxMessage, server: "_Server", now: datetime) -> bool:
    """Send one message and mark what became of it."""
    try:
        composed = mail.compose(message)
        if composed is None:
            _mark(message, state=State.SKIPPED)
            return False
        server.send(composed)
    except DatabaseError:
        raise
    except Exception as error:
        server.close()
        _put_off(message, error, now)
        return False
    _mark(message, state=State.SENT, sent_at=now, last_error="")
    return True


def _put_off(message: OutboxMessage, error: Exception, now: datetime) -> None:
    what = faults.name_of(error)
    if not isinstance(
        error, OSError
    ):  # smtplib's are; anything else is a fault of ours
        trace = faults.trace_of(error)
        logger.error("message %s failed: %s\n%s", message.pk, what, trace)
    if message.attempts > len(PAUSES):
        logger.error("message %s given up: %s", message.pk, what)
        _mark(message, state=State.DEAD, last_error=what)
        return
    pause = PAUSES[message.attempts - 1]
    logger.warning("message %s not sent, again in %s: %s", message.pk, pause, what)
    _mark(message, due_at=now + pause, last_error=what)


def _mark(message: OutboxMessage, **fields: object) -> None:
    """Write the outcome; that of an older lease never undoes a newer one's success."""
    OutboxMessage.objects.filter(pk=message.pk, state=State.WAITING).update(**fields)


class _Server:
    """The mail server, connected to once for many messages."""

    def __init__(self) -> None:
        self._backend: BaseEmailBackend | None = None

    def __enter__(self) -> "_Server":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def send(self, message: object) -> None:
        if self._backend is None:
            backend = get_connection()
            backend.open()
            self._backend = backend
        self._backend.send_messages([message])  # type: ignore[list-item]

    def close(self) -> None:
        if self._backend:
            with suppress(OSError):
                self._backend.close()
        self._backend = None
