"""The product without its safety, to see that the stress test would notice.

The queue in Redis, the row locks and the second look under them are gone, for one and for
a crowd; the test drops the constraints. Daphne serves `application` from here; the insiders
import it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from uuid import UUID

from config.asgi import application  # sets Django up, which all others need

# isort: split
from bookings import locking
from bookings.actions import claims
from bookings.actions.crowd import booking, statements
from bookings.actions.crowd.locks import Locks, Place
from bookings.actions.crowd.statements import Statements
from bookings.models import Patient, Slot

__all__ = ["application"]

_look = claims.offer
_write_of_crowd = booking._write
_SECONDS = 0.1  # as on a busy machine: it need not be busy for this to be found


def _look_once(wish: Any, now: Any, *, run: Any = None) -> Any:
    """Judge before the transaction only; `run` is given under the locks."""
    return None if run is not None else _look(wish, now)


def _read_slots(slot_ids: Iterable[UUID]) -> list[Slot]:
    time.sleep(_SECONDS)
    return list(Slot.objects.filter(pk__in=set(slot_ids)).order_by("start"))


def _read_patient(patient: Patient) -> Patient:
    return Patient.objects.get(pk=patient.pk)


@asynccontextmanager
async def _no_locks(places: Collection[Place]) -> AsyncIterator[Locks]:
    yield Locks(set(places))


async def _write_late(*what: Any) -> None:
    await asyncio.sleep(_SECONDS)
    await _write_of_crowd(*what)


def _unlocked(known: Statements) -> Statements:
    slots, people = (
        text[: text.rindex("FOR UPDATE")]
        for text in (known.lock_slots, known.lock_people)
    )
    return Statements(slots, people, known.look)


for _module, _name, _weak in (
    (claims, "offer", _look_once),
    (locking, "slot_locks", nullcontext),
    (locking, "lock_slots", _read_slots),
    (locking, "lock_patient", _read_patient),
    (locking, "bump_days", lambda _days: None),
    (booking, "slot_locks", _no_locks),
    (booking, "_write", _write_late),
    (statements, "MANY", _unlocked(statements.MANY)),
    (statements, "ONE", _unlocked(statements.ONE)),
):
    setattr(_module, _name, _weak)
