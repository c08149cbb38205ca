"""Holds: a time kept for a few minutes while somebody types.

The token is the only key: whoever has it may renew, use or release the hold. Expiry is
judged by the database's clock.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from bookings import locking
from bookings.actions import claims
from bookings.actions.claims import Wish
from bookings.errors import HoldExpiredError, TooManyHoldsError
from bookings.live import events
from bookings.models import Appointment, Hold, Practice, Service, Slot
from bookings.once import Once, repeatable
from tenants import due
from tenants.context import current_clinic

MAX_RENEWALS = 2
MAX_PER_ADDRESS = 200  # live ones of guests: most clinics' patients share one address


@dataclass(frozen=True)
class Placed:
    """A new hold and its secret, which is told once and stored only as a hash."""

    hold: Hold
    token: str
    slots: list[Slot]


@repeatable
def place(
    *,
    slot_id: UUID,
    holder: str,
    service: Service | None = None,
    as_staff: bool = False,
    address: str = "",
    once: Once | None = None,
    now: datetime | None = None,
) -> Placed:
    """Hold the time that `service` takes from a slot; ends the holder's former hold.

    Args:
        holder: who holds, as a hash of a browser session or of an API caller: each has
            one hold at a time.
        address: from where; one address has `MAX_PER_ADDRESS` live holds at most.

    Raises:
        BookingError: the time cannot be had, or the address has too many.
    """
    slot = claims.find_slot(slot_id)
    chosen = service or slot.doctor.default_service
    own = Wish(slot, chosen, Practice.load(), as_staff, hold=_live_hold_of(holder))
    offer = claims.offer(own, now or locking.clock())
    run: list[Any] = [slot.id for slot in offer.slots]
    token = secrets.token_urlsafe(24)

    def work() -> tuple[Placed, list[Slot], datetime]:
        if once:
            once.enter()
        locking.lock_name(f"holder:{holder}")  # two tabs at once: one after the other
        former = _live_hold_of(holder)
        slots = locking.lock_slots({*run, *_slots_of(former)})
        locking.bump_days(locking.days_of(slots))
        moment = now or locking.clock()
        _check_address(address, moment)
        wish = replace(own, hold=former)
        claims.offer(wish, moment, run=run)
        if former:
            _end(former, slots, moment)
        hold = Hold.objects.create(
            token_hash=_hash(token),
            doctor=wish.doctor,
            service=wish.service,
            first_slot=wish.slot,
            holder=holder,
            address=_hash(f"address:{address}") if address else "",
            expires_at=moment + wish.practice.hold_length,
            created_at=moment,
        )
        held = [slot for slot in slots if slot.pk in run]
        _give(held, hold, moment)
        placed = Placed(hold, token, held)
        if once:
            once.keep(placed, moment)
        return placed, slots, moment

    with locking.slot_locks(run):
        placed, touched, moment = locking.durably(work)
    events.slots_changed(touched, moment)
    due.wake(current_clinic(), placed.hold.expires_at)
    return placed


def release(token: str, *, now: datetime | None = None) -> None:
    """Let a held time go. Unknown and ended holds are released already."""
    hold = Hold.objects.filter(token_hash=_hash(token)).first()
    if hold is None or hold.appointment_id:
        return

    def work() -> tuple[list[Slot], datetime]:
        slots = locking.lock_slots(_slots_of(hold))
        locking.bump_days(locking.days_of(slots))
        moment = now or locking.clock()
        _end(hold, slots, moment)
        return slots, moment

    slots, moment = locking.durably(work)
    events.slots_changed(slots, moment)


def renew(token: str, *, now: datetime | None = None) -> Hold:
    """Start the hold's minutes anew, at most `MAX_RENEWALS` times.

    Raises:
        HoldExpiredError: it has ended, or was renewed as often as is allowed.
    """
    found = Hold.objects.filter(token_hash=_hash(token)).first()
    if found is None:
        raise HoldExpiredError
    length = Practice.load().hold_length

    def work() -> tuple[Hold, list[Slot], datetime]:
        slots = locking.lock_slots(_slots_of(found))
        locking.bump_days(locking.days_of(slots))
        moment = now or locking.clock()
        hold = recheck(found, moment)
        if hold.renewals >= MAX_RENEWALS:
            raise HoldExpiredError
        slots = [slot for slot in slots if slot.hold_id == hold.pk]
        if not slots:  # taken out of the calendar meanwhile
            raise HoldExpiredError
        hold.renewals += 1
        hold.expires_at = moment + length
        hold.save(update_fields=["renewals", "expires_at"])
        _give(slots, hold, moment)
        return hold, slots, moment

    hold, slots, moment = locking.durably(work)
    events.slots_changed(slots, moment)
    due.wake(current_clinic(), hold.expires_at)
    return hold


def expire_due(*, now: datetime | None = None) -> int:
    """Make run-out holds durable and say so live. The worker's; returns how many slots."""

    def work() -> tuple[list[Slot], datetime]:
        moment = now or locking.clock()
        lapsed = Slot.objects.filter(held_until__lte=moment)
        rows = lapsed.select_for_update(skip_locked=True).order_by("pk")[:500]
        slots = list(rows)
        locking.bump_days(locking.days_of(slots))
        _give(slots, None, moment)
        return slots, moment

    slots, moment = locking.durably(work)
    if slots:
        events.slots_changed(slots, moment)
    return len(slots)


def find(token: str, slot: Slot, service: Service) -> Hold:
    """Return the hold of a token, if it is for this very time.

    Raises:
        HoldExpiredError: unknown, or for another slot or service.
    """
    hold = Hold.objects.filter(token_hash=_hash(token)).first()
    if hold is None or (hold.first_slot_id, hold.service_id) != (slot.pk, service.pk):
        raise HoldExpiredError
    return hold


def live(token: str, now: datetime) -> Hold | None:
    """Return the hold of a token while it keeps its time."""
    hold = (
        Hold.objects.select_related("first_slot__doctor", "service", "appointment")
        .filter(token_hash=_hash(token))
        .first()
    )
    return hold if hold and hold.is_live(now) else None


def recheck(hold: Hold, now: datetime) -> Hold:
    """Read the hold again under the slots' locks.

    Raises:
        HoldExpiredError: it ended meanwhile.
    """
    fresh = Hold.objects.select_for_update().get(pk=hold.pk)
    if not fresh.is_live(now):
        raise HoldExpiredError
    return fresh


def use(hold: Hold, appointment: Appointment) -> None:
    """Mark the hold as what became of it."""
    hold.appointment = appointment
    hold.save(update_fields=["appointment"])


def holder_of(secret: str) -> str:
    """Name a holder without keeping what identifies them."""
    return _hash(f"holder:{secret}")


def _check_address(address: str, now: datetime) -> None:
    """Keep one address from holding the whole calendar.

    Raises:
        TooManyHoldsError: it has as many as are allowed.
    """
    if not address:
        return
    live = Hold.objects.filter(
        address=_hash(f"address:{address}"),
        released_at=None,
        appointment=None,
        expires_at__gt=now,
    ).order_by("expires_at")
    if len(ends := live.values_list("expires_at", flat=True)) >= MAX_PER_ADDRESS:
        raise TooManyHoldsError(ends[0] - now)


def _live_hold_of(holder: str) -> Hold | None:
    return Hold.objects.filter(
        holder=holder, released_at=None, appointment=None, slots__isnull=False
    ).first()


def _slots_of(hold: Hold | None) -> list[UUID]:
    if hold is None:
        return []
    return list(Slot.objects.filter(hold=hold).values_list("pk", flat=True))


def _end(hold: Hold, slots: list[Slot], now: datetime) -> None:
    hold.released_at = now
    hold.save(update_fields=["released_at"])
    _give([slot for slot in slots if slot.hold_id == hold.pk], None, now)


def _give(slots: list[Slot], hold: Hold | None, now: datetime) -> None:
    for slot in slots:
        # A lapse that pages have seen already is made durable, not counted twice.
        is_lapse = (
            hold is None and slot.held_until is not None and slot.held_until <= now
        )
        slot.version = slot.version_at(now) + (0 if is_lapse else 1)
        slot.hold = hold
        slot.held_until = hold.expires_at if hold else None
    Slot.objects.write(slots, ["version", "hold", "held_until"])


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
