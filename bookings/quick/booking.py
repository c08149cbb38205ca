"""`POST /api/v1/appointments/` of a guest, or of a patient with a token for themselves: in
one turn with all who ask the clinic at that moment."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import psycopg
from channels.db import database_sync_to_async
from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import translation
from rest_framework.exceptions import APIException

from accounts.tokens import Bearer, InvalidTokenError, bearer_of
from bookings.actions.crowd import booking
from bookings.actions.crowd.wanting import Again, Outcome, Wanted
from bookings.api import problems, refusals
from bookings.api.bodies import PersonBody
from bookings.api.formats import as_uuid, etag
from bookings.api.parsers import read_object
from bookings.api.problems import TakenError
from bookings.api.repeats import guest_caller, is_key, user_caller, what_is_asked
from bookings.api.serializers import appointment_as_json
from bookings.errors import (
    BookingError,
    SlotBusyError,
    SlotTakenError,
    UnavailableError,
)
from bookings.locking import WAIT_SECONDS
from bookings.models import Appointment, Patient
from bookings.once import Answer as Kept
from bookings.once import Once
from bookings.quick.asked import Answer, Asked
from bookings.quick.counting import Counter
from tenants import pools
from tenants.context import clinic_context
from tenants.names import is_zone
from tenants.pools import NoConnectionError
from tenants.tasks import Tasks
from tenants.turns import Turns

if TYPE_CHECKING:
    from tenants.models import Clinic

logger = logging.getLogger(__name__)

_MOST = 64  # bookings in a transaction
_WAITING = 4000
# While PostgreSQL is at one turn, a process works out another; several processes do so for
# each other, and their turns are larger: a tenth more bookings in one clinic.
_AT_ONCE = 2 if settings.WEB_PROCESSES == 1 else 1
# Seconds that a turn may wait for as many as the last one had: each has its round trips
# and its COMMIT, however few are in it.
_GATHERING = 0.02
_PAUSE = 0.015  # seconds until a slot that somebody is booking is tried again
_WAKE_AFTER = 0.05  # seconds in which bookings share one wake-up of the worker
_LIKE_NEW = 0.3  # seconds that alternatives are told to all who want the same slot
_LONGEST_REASON = 500
_FOR_DJANGO = ("hold", "start")
_ALLOW = (b"Allow", b"GET, POST, HEAD, OPTIONS")
tasks = Tasks()


class Booking:
    """The route; lives in one event loop."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._turns = Turns[Wanted, Outcome](
            booking.book,
            most=_MOST,
            waiting=_WAITING,
            at_once=_AT_ONCE,
            gathering=_GATHERING,
            together=pools.lane_of,
        )
        self._waking: dict[UUID, Clinic] = {}
        self._nearby = _Nearby()

    async def answer(self, asked: Asked) -> Answer | None:
        """Book, or say why not; None where Django is to answer.

        Raises:
            FullError: too many are waiting; nothing was done.
        """
        wanted = _read(asked)
        if wanted is None or not await self._counter.write(asked, wanted.account_id):
            return None
        outcome = await self._outcome(asked.clinic, wanted)
        if isinstance(outcome, Appointment):
            self._wake_worker(asked.clinic)
            return _told(outcome)
        if isinstance(outcome, UnavailableError) or not wanted.once:
            return await self._refused(asked, wanted, outcome)
        return None  # a refusal that a key may have to keep

    async def _outcome(self, clinic: "Clinic", wanted: Wanted) -> Outcome:
        until = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                outcome = await self._turns.ask(clinic, wanted)
            except UnavailableError as error:
                return error
            except (NoConnectionError, psycopg.Error) as error:
                logger.info("a turn failed, each is asked alone: %r", error)
                return None
            if not isinstance(outcome, Again):
                return outcome
            if time.monotonic() > until:
                return SlotBusyError()
            await asyncio.sleep(_PAUSE)

    async def _refused(
        self, asked: Asked, wanted: Wanted, error: Outcome
    ) -> Answer | None:
        if not isinstance(error, BookingError):
            return None
        if isinstance(error, SlotTakenError):
            error = TakenError(await self._nearby.to(asked.clinic, wanted))
        with translation.override(asked.language):
            told = problems.of_booking(error)
        headers = [(b"Content-Type", problems.MEDIA_TYPE.encode()), _ALLOW]
        if wait := told.headers.get("Retry-After"):
            headers.append((b"Retry-After", wait.encode()))
        return Answer(told.status_code, _json(told.data), headers)

    def _wake_worker(self, clinic: "Clinic") -> None:
        """Soon, and once for all who have booked until then."""
        if not self._waking:
            tasks.begin(self._wake())
        self._waking[clinic.pk] = clinic

    async def _wake(self) -> None:
        await asyncio.sleep(_WAKE_AFTER)
        clinics, self._waking = list(self._waking.values()), {}
        try:
            await booking.wake_worker(clinics)
        except (NoConnectionError, psycopg.Error) as error:
            logger.warning("the worker was not woken, its sweep will look: %r", error)


class _Nearby:
    """Free slots near a taken one: worked out once for all who were too late."""

    def __init__(self) -> None:
        self._found: dict[tuple[UUID, UUID, UUID | None], asyncio.Task[Any]] = {}

    async def to(self, clinic: "Clinic", wanted: Wanted) -> list[dict[str, Any]]:
        key = (clinic.pk, wanted.slot_id, wanted.service_id)
        task = self._found.get(key)
        if task is None:
            task = self._found[key] = asyncio.create_task(_near(clinic, wanted))
            forget: Callable[..., Any] = self._found.pop
            asyncio.get_running_loop().call_later(_LIKE_NEW, forget, key, None)
        found: list[dict[str, Any]] = await asyncio.shield(task)
        return found


@database_sync_to_async
def _near(clinic: "Clinic", wanted: Wanted) -> list[dict[str, Any]]:
    with clinic_context(clinic):
        service = refusals.service_of(wanted.service_id)
        return refusals.alternatives(wanted.slot_id, service)


def _read(asked: Asked) -> Wanted | None:
    """Return what is wanted, if it is put in the plainest way."""
    if asked.header(b"content-type") != "application/json":
        return None
    try:
        body = read_object(asked.body)
        slot_id = as_uuid(body.get("slot"))
        service = body.get("service")
        service_id = None if service is None else as_uuid(service)
        is_zone(body.get("timezone", "UTC"))
    except (APIException, DjangoValidationError, ValueError, TypeError):
        return None
    reason = body.get("reason", "")
    if not isinstance(reason, str) or len(reason) > _LONGEST_REASON:
        return None
    if any(body.get(name) is not None for name in _FOR_DJANGO):
        return None
    asker = _asker(asked, body.get("patient"))
    key = asked.headers.get(b"idempotency-key")
    once = _once(asked, asker, body) if asker and key is not None else None
    if asker is None or (key is not None and once is None):
        return None
    return Wanted(asker, slot_id, service_id, reason.strip(), asked.language, once)


def _asker(asked: Asked, person: Any) -> Bearer | Patient | None:
    """Who asks: by a token, or a guest who says who they are."""
    if b"authorization" in asked.headers:
        return _bearer(asked) if person is None else None
    told = PersonBody(data=person, context={"zone": asked.clinic.timezone})
    if not isinstance(person, dict) or not told.is_valid():
        return None
    return Patient(language=asked.language, **told.validated_data)


def _bearer(asked: Asked) -> Bearer | None:
    kind, _, token = asked.header(b"authorization").partition(" ")
    if kind.lower() != "bearer":
        return None
    clinic = asked.clinic
    try:
        return bearer_of(token, clinic.pk, "access", since=clinic.tokens_since)
    except InvalidTokenError:
        return None


def _once(asked: Asked, asker: Bearer | Patient, body: dict[str, Any]) -> Once | None:
    key = asked.header(b"idempotency-key")
    if not is_key(key):
        return None
    caller = (
        guest_caller(asked.address)
        if isinstance(asker, Patient)
        else user_caller(asker.user_id)
    )
    request = what_is_asked("POST", asked.path, body)
    return Once(caller, key, request, lambda made: Kept(201, _shown(made)))


def _told(made: Appointment) -> Answer:
    headers = [
        (b"Content-Type", b"application/json"),
        (b"ETag", etag(made.version).encode()),
        _ALLOW,
    ]
    return Answer(201, _json(_shown(made)), headers)


def _shown(made: Appointment) -> dict[str, Any]:
    return appointment_as_json(made, made.original_slots)


def _json(told: Any) -> bytes:
    return orjson.dumps(told)
