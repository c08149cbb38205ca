"""The lines that every change of an appointment writes, and what it says afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.range import Range

from accounts.models import User
from bookings import locking
from bookings.actions import limits, writes
from bookings.actions.claims import Wish
from bookings.live import events
from bookings.models import (
    Appointment,
    AppointmentChange,
    OutboxMessage,
    Patient,
    Slot,
)
from bookings.models.quickly import made, relate
from bookings.once import Once
from bookings.outbox import post
from tenants.context import current_clinic

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
    message: OutboxMessage | None = None
    newcomer: Patient | None = None  # who is to be saved by the same statement


def once(work: Callable[[], Done], key: Once | None) -> Done:
    """Do the work under its idempotency key, and keep the answer with it."""
    if key:
        key.enter()
    done = work()
    if key:
        key.keep(done.appointment, done.now)
    return done


def lock_or_save(patient: Patient) -> Patient:
    """Lock a known person; save a new one with the booking."""
    if not patient._state.adding:
        return locking.lock_patient(patient)
    patient.save(force_insert=True)
    patient._state.adding = True  # a retried transaction must insert again
    return patient


def book(
    new: Appointment,
    wish: Wish,
    slots: list[Slot],
    actor: Actor,
    now: datetime,
    *,
    why: str = "",
) -> Done:
    """Write a booking that was just judged, in the transaction that has the locks.

    Args:
        slots: what it takes; none, if it is put on top of others' time.
        why: kept in the history.
    """
    done = draft(new, wish, slots, actor, now, why=why)
    writes.book([done])
    return done


def draft(
    new: Appointment,
    wish: Wish,
    slots: list[Slot],
    actor: Actor,
    now: datetime,
    *,
    why: str = "",
) -> Done:
    """Make the rows of a booking that was just judged; asks and writes nothing."""
    relate(new, service=wish.service)
    new.booked_via, new.created_at = actor.via, now
    place(new, wish, slots)
    new.is_overbooked = not slots
    new._state.adding = False
    _give(slots, new, now)
    change = _line(AppointmentChange.Kind.BOOKED, new, actor, now, reason=why)
    return Done(new, change, slots, now, post.message_about(change))


def move(
    appointment: Appointment,
    wish: Wish,
    old: list[Slot],
    new: list[Slot],
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
) -> Done:
    """Write a move that was just judged, from the slots it has to others."""
    place(appointment, wish, new)
    appointment.version += 1
    appointment.save()
    left = [each for each in old if each not in new]
    hand_over(left, None, now)
    hand_over(new, appointment, now)
    kind = AppointmentChange.Kind.MOVED
    change = record(kind, appointment, actor, now, reason=reason)
    return Done(appointment, change, left + new, now)


def cancel(
    appointment: Appointment,
    slots: list[Slot],
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
) -> Done:
    """Write a cancellation; its slots are anybody's again."""
    appointment.status = Appointment.Status.CANCELLED
    appointment.version += 1
    appointment.save(update_fields=["status", "version"])
    hand_over(slots, None, now)
    kind = AppointmentChange.Kind.CANCELLED
    change = record(kind, appointment, actor, now, reason=reason)
    return Done(appointment, change, slots, now)


def unplace(
    appointment: Appointment,
    slots: list[Slot],
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
) -> Done:
    """Take its time from a visit, which stays booked until somebody finds another."""
    appointment.is_unplaced = True
    appointment.version += 1
    appointment.save(update_fields=["is_unplaced", "version"])
    hand_over(slots, None, now)
    kind = AppointmentChange.Kind.UNPLACED
    change = record(kind, appointment, actor, now, reason=reason)
    return Done(appointment, change, slots, now)


def place(appointment: Appointment, wish: Wish, slots: list[Slot]) -> None:
    """Write where and when: instants, and the wall clock as it was promised."""
    service, start, end = wish.service, wish.slot.start, wish.end
    local = start.astimezone(wish.doctor.zone)
    relate(appointment, doctor=wish.doctor)
    appointment.location_id = wish.slot.location_id
    appointment.start, appointment.end = start, end
    appointment.occupied = Range(start - service.before, end + service.after, "[)")
    appointment.wall_start = local.replace(tzinfo=None).isoformat(timespec="minutes")
    appointment.zone, appointment.fold = wish.doctor.timezone, local.fold
    appointment.original_slots = [slot.pk for slot in slots]
    appointment.is_unplaced = appointment.is_overbooked = False


def hand_over(slots: list[Slot], to: Appointment | None, now: datetime) -> None:
    """Give the slots to an appointment, or to nobody; their versions grow."""
    _give(slots, to, now)
    Slot.objects.write(slots, ["version", "appointment", "hold", "held_until"])


def record(
    kind: AppointmentChange.Kind,
    appointment: Appointment,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
) -> AppointmentChange:
    """Write one line of history, and the message about it where patients are told."""
    change = _line(kind, appointment, actor, now, reason=reason)
    change.save(force_insert=True)
    if kind in _TOLD:
        post.message_about(change).save(force_insert=True)
    return change


def announce(done: Done) -> None:
    """After commit: live pages and the worker get to know."""
    if done.change.kind == AppointmentChange.Kind.BOOKED:
        limits.note_booked(current_clinic())
    events.slots_changed(done.slots, done.now)
    tell(done.change)


def tell(change: AppointmentChange) -> None:
    """After commit: have the message about a change sent, if there is one."""
    if change.kind in _TOLD:
        post.wake_worker(change)


def _give(slots: list[Slot], to: Appointment | None, now: datetime) -> None:
    for slot in slots:
        slot.version = slot.version_at(now) + 1
        relate(slot, appointment=to, hold=None)
        slot.held_until = None


def _line(
    kind: AppointmentChange.Kind,
    appointment: Appointment,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
) -> AppointmentChange:
    return made(
        AppointmentChange,
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
