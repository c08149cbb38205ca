"""Says that slots have changed: ids and versions, nothing of a patient.

Called by actions after commit, and only by them. An event is a hint: a lost one is
repaired by the heartbeat and by each page's slow re-check, so a failure here is logged
and never an error of the booking.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

import orjson
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from bookings.models import Slot
from tenants.context import current_clinic, redis_key

logger = logging.getLogger(__name__)


class ChangedSlot(TypedDict):
    id: str
    version: int
    doctor: str
    day: str


class Event(TypedDict):
    """What travels from the changing process to each web process."""

    clinic: str
    slots: list[ChangedSlot]
    days: list[tuple[str, str]]  # (doctor, day) to reload whole, after a bulk change


def channel(clinic_id: UUID) -> str:
    """The Redis channel of one clinic's events."""
    return redis_key(clinic_id, "live")


def slots_changed(slots: Iterable[Slot], now: datetime) -> None:
    """Announce slots of the current clinic; call it after commit."""
    _publish(_changed(slots, now), [])


def days_changed(days: Iterable[tuple[UUID, date]]) -> None:
    """Announce whole doctor-days, after publishing or another bulk change."""
    _publish([], [(str(doctor), day.isoformat()) for doctor, day in days])


def message(clinic_id: UUID, slots: Iterable[Slot], now: datetime) -> tuple[str, str]:
    """The channel and the text that announce slots, for who has a Redis of its own."""
    return channel(clinic_id), _text(clinic_id, _changed(slots, now), [])


def _changed(slots: Iterable[Slot], now: datetime) -> list[ChangedSlot]:
    return [
        {
            "id": str(slot.pk),
            "version": slot.version_at(now),
            "doctor": str(slot.doctor_id),
            "day": slot.day.isoformat(),
        }
        for slot in slots
    ]


def _text(
    clinic_id: UUID, slots: list[ChangedSlot], days: list[tuple[str, str]]
) -> str:
    event: Event = {"clinic": str(clinic_id), "slots": slots, "days": days}
    return orjson.dumps(event).decode()


def _publish(slots: list[ChangedSlot], days: list[tuple[str, str]]) -> None:
    clinic_id = current_clinic().pk
    try:
        get_redis_connection("default").publish(
            channel(clinic_id), _text(clinic_id, slots, days)
        )
    except (RedisError, OSError) as error:
        logger.warning("live event not sent, pages will re-check: %r", error)
