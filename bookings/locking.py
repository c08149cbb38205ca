"""The first two of the three layers against double booking, and the retry around them.

1. A Redis lock per slot: a queue that fails fast. Never the guarantee: it may expire
   under a paused holder, and without Redis we go on without it.
2. Row locks, always in this order: slots by id → appointment → patient → doctor-day.

The third layer, the one that is trusted, are the constraints on `Appointment`.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django_redis import get_redis_connection
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from bookings.errors import NoSlotError, SlotBusyError, UnavailableError
from bookings.models import Appointment, Patient, Slot
from tenants.context import current_clinic, redis_key

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

LOCK_SECONDS = 10.0  # a dead holder's lock goes by itself
WAIT_SECONDS = 2.0  # longer than this, and the caller is told to try again
ROW_WAIT = "3s"
TRIES = 4  # the first, and three more after a deadlock


class Breaker:
    """Leaves Redis alone for a while after it failed, so that nobody waits for it."""

    def __init__(self, pause: float = 2.0) -> None:
        self.pause = pause  # seconds
        self._closed_until = 0.0

    def is_open(self) -> bool:
        return time.monotonic() < self._closed_until

    def trip(self, error: Exception) -> None:
        self._closed_until = time.monotonic() + self.pause
        logger.warning("Redis lock not available, going on without: %r", error)


breaker = Breaker()


@contextmanager
def slot_locks(slot_ids: Collection[UUID]) -> Iterator[None]:
    """Queue for the slots in Redis; released when the block ends, after COMMIT.

    Raises:
        SlotBusyError: somebody had one of them for too long.
    """
    with ExitStack() as locks:
        for slot_id in sorted(slot_ids):
            if breaker.is_open():
                break
            locks.enter_context(_slot_lock(slot_id))
        yield


@contextmanager
def _slot_lock(slot_id: UUID) -> Iterator[None]:
    lock = Lock(
        get_redis_connection("default"),
        redis_key(current_clinic().pk, "lock", "slot", slot_id),
        timeout=LOCK_SECONDS,
        sleep=0.03,
        thread_local=False,
    )
    try:
        had = lock.acquire(blocking_timeout=WAIT_SECONDS)
    except (RedisError, OSError) as error:
        breaker.trip(error)
        yield
        return
    if not had:
        raise SlotBusyError
    try:
        yield
    finally:
        _release(lock)


def _release(lock: Lock) -> None:
    """Let go; a lock that expired or a lost Redis is no error once the work is done."""
    try:
        lock.release()
    except LockError:
        logger.warning("Redis lock %s expired before its release", lock.name)
    except (RedisError, OSError) as error:
        breaker.trip(error)


def durably(work: Callable[[], Result]) -> Result:
    """Run `work` in a transaction of its own, again after a deadlock.

    Raises:
        SlotBusyError: a row lock was not had in time.
        UnavailableError: the connection was lost; during COMMIT the outcome is unknown,
            so it is never tried again here: the client repeats with the same key.
    """
    for attempt in range(1, TRIES + 1):
        is_committing = False
        try:
            with transaction.atomic(durable=True):
                _limit_waiting()
                result = work()
                is_committing = True
            return result
        except (OperationalError, InterfaceError) as error:
            if not _may_try_again(error, attempt, is_committing=is_committing):
                raise UnavailableError from error
            logger.info("trying the transaction again: %r", error)
            time.sleep(0.02 * attempt)
    raise SlotBusyError


def _limit_waiting() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{ROW_WAIT}'")


def _may_try_again(error: Exception, attempt: int, *, is_committing: bool) -> bool:
    """Tell a clash, which another try may win, from a loss.

    Codes: PostgreSQL appendix A; 40001 serialisation, 40P01 deadlock, 55P03 lock_timeout.
    """
    state = getattr(error.__cause__, "sqlstate", None)
    if state == "55P03":
        raise SlotBusyError from error
    if state in {"40001", "40P01"}:
        return True
    connection.close()  # the next try, or request, gets a fresh one
    return attempt == 1 and not is_committing


def lock_name(name: str) -> None:
    """Be the only one with a name in this clinic until the transaction ends."""
    with connection.cursor() as cursor:
        # The schema's oid keeps equal names of two clinics apart.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s # to_regnamespace"
            "(current_schema()::text)::oid::bigint)",
            [number_of(name)],
        )


def number_of(name: str) -> int:
    """Make a name a number that PostgreSQL's advisory locks take."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def lock_slots(slot_ids: Iterable[UUID]) -> list[Slot]:
    """Lock slots in id order; returns them by start.

    Raises:
        NoSlotError: one of them does not exist.
    """
    wanted = set(slot_ids)
    rows = Slot.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    slots = sorted(rows, key=lambda slot: slot.start)
    if len(slots) != len(wanted):
        raise NoSlotError
    return slots


def lock_visit(
    appointment_id: UUID, *, and_slots: Iterable[UUID] = ()
) -> tuple[Appointment, list[Slot]]:
    """Lock an appointment with the slots it has, and others that are wanted for it.

    Returns:
        The appointment, and all those slots by start.

    Raises:
        SlotBusyError: it was moved between the look at its slots and the lock.
        NoSlotError: one of the wanted slots does not exist.
    """
    slots = lock_slots({*and_slots, *_slots_of(appointment_id)})
    appointment = Appointment.objects.select_for_update().get(pk=appointment_id)
    # Locks come in the order slots, appointment; so whose slots these are is only known
    # for certain now.
    if not _slots_of(appointment_id) <= {slot.pk for slot in slots}:
        raise SlotBusyError
    return appointment, slots


def _slots_of(appointment_id: UUID) -> set[UUID]:
    visit = Appointment.objects.filter(pk=appointment_id).with_slots().first()
    return set(visit.slot_ids) if visit else set()


def lock_patient(patient: Patient) -> Patient:
    """Lock the person, so that caps and clashes are judged one booking at a time."""
    return Patient.objects.select_for_update().get(pk=patient.pk)


BUMP = """
    INSERT INTO {schema}bookings_doctorday AS known (doctor_id, day, revision)
    SELECT doctor, day, 1 FROM unnest(%s::uuid[], %s::date[]) AS new (doctor, day)
    ON CONFLICT (doctor_id, day) DO UPDATE SET revision = known.revision + 1
"""


def bump_days(days: Iterable[tuple[UUID, date]]) -> None:
    """Lock the doctor-days, in order, and raise their revision: the last lock taken."""
    with connection.cursor() as cursor:
        cursor.execute(BUMP.replace("{schema}", ""), in_order(days))


def in_order(days: Iterable[tuple[UUID, date]]) -> list[list[Any]]:
    """The doctors and the days as two arrays, in the order in which all lock them."""
    ordered = sorted(set(days))
    return [[doctor for doctor, _ in ordered], [day for _, day in ordered]]


def days_of(slots: Iterable[Slot]) -> set[tuple[UUID, date]]:
    return {(slot.doctor_id, slot.day) for slot in slots}


def clock() -> datetime:
    """Read the database's clock: it moves on during a transaction, unlike `now()`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    moment: datetime = row[0]
    return moment
