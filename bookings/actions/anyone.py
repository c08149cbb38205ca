""" "Any doctor" booking: one of several who are free at a time, the least busy first."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q

from bookings.actions import appointments
from bookings.availability import SENTENCES, Reason
from bookings.errors import (
    BookingError,
    NoSlotError,
    NotOfferedError,
    SlotBusyError,
    SlotHeldError,
    SlotTakenError,
)
from bookings.models import Appointment, Service, Slot
from bookings.once import repeatable

# What one doctor's time may be refused for while another's may still be had.
_TRY_THE_NEXT = (SlotTakenError, SlotHeldError, SlotBusyError, NotOfferedError)


def book_any(
    *, slot_ids: Collection[UUID], service: Service, **asked: Any
) -> Appointment:
    """Book one of several slots, of whichever doctor has least to do that day.

    Each try is a whole booking of its own, so as many people as there are doctors can
    have the time, and not one more.

    Args:
        slot_ids: the same start at different doctors (or whatever may serve instead).
        asked: the other arguments of `appointments.book`.

    Raises:
        BookingError: none of them could be had; the last refusal.
    """
    refused: BookingError = NoSlotError()
    for slot_id in _least_busy_first(slot_ids):
        try:
            return appointments.book(slot_id=slot_id, service=service, **asked)
        except _TRY_THE_NEXT as error:
            refused = error
    raise refused


@repeatable
def book_at(*, start: datetime, service: Service, **asked: Any) -> Appointment:
    """Book a service at an instant, with whichever doctor is free and least busy.

    Raises:
        NotOfferedError: nobody who offers the service has a time that starts then.
        BookingError: as `book_any`.
    """
    offering = Slot.objects.filter(
        start=start, doctor__is_active=True, doctor__services=service
    )
    slot_ids = list(offering.values_list("pk", flat=True))
    if not slot_ids:
        reason = Reason.OUTSIDE_HOURS
        raise NotOfferedError(reason, SENTENCES[reason])
    return book_any(slot_ids=slot_ids, service=service, **asked)


def _least_busy_first(slot_ids: Collection[UUID]) -> list[UUID]:
    """Order slots by how many visits their doctor has that day; ties by chance."""
    that_day = Q(doctor__slots__day=F("day"), doctor__slots__appointment__isnull=False)
    ranked = (
        Slot.objects.filter(pk__in=slot_ids)
        .annotate(load=Count("doctor__slots__appointment", that_day, distinct=True))
        .order_by("load", "?")
    )
    return list(ranked.values_list("pk", flat=True))
