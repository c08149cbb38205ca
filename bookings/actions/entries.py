"""The lines that every change of an appointment writes, and what it says afterwards."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from bookings.live import events
from bookings.models import Appointment, AppointmentChange, Slot
from bookings.outbox import post

# What patients are told of by mail; the rest is the clinic's own business.
_TOLD = {
    AppointmentChange.Kind.BOOKED,
    AppointmentChange.Kind.MOVED,
    AppointmentChange.Kind.CANCELLED,
}


@dataclass(frozen=True)
class Actor:
    """Who does it (nobody: a guest), and through which door."""

    by: User | None
    via: Appointment.Via


@dataclass(frozen=True)
class Done:
    """What a transaction has changed, for the announcement after it."""

    appointment: Appointment
    change: AppointmentChange
    slots: list[Slot]
    now: datetime


def hand_over(slots: list[Slot], to: Appointment | None, now: datetime) -> None:
    """Give the slots to an appointment, or to nobody; their versions grow."""
    for slot in slots:
        slot.version = slot.version_at(now) + 1
        slot.appointment, slot.hold, slot.held_until = to, None, None
    Slot.objects.bulk_update(slots, ["version", "appointment", "hold", "held_until"])


def record(
    kind: AppointmentChange.Kind,
    appointment: Appointment,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
) -> AppointmentChange:
    """Write one line of history, and the message about it where patients are told."""
    change = AppointmentChange.objects.create(
        appointment=appointment,
        kind=kind,
        by=actor.by,
        via=actor.via,
        reason=reason,
        version=appointment.version,
        start=appointment.start,
        end=appointment.end,
        at=now,
    )
    if kind in _TOLD:
        post.enqueue(change)
    return change


def announce(done: Done) -> None:
    """After commit: live pages and the worker get to know."""
    events.slots_changed(done.slots, done.now)
    if done.change.kind in _TOLD:
        post.wake_worker(done.change)
