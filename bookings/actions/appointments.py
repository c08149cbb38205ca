"""Book, move and cancel: the only writers of an appointment's time.

Each reads top to bottom as guard → lock → re-check → write → announce.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from accounts.models import User
from bookings import locking
from bookings.actions import claims, entries, holds
from bookings.actions.claims import Wish
from bookings.actions.entries import Actor, Done
from bookings.errors import (
    AlreadyCancelledError,
    AppointmentPastError,
    HoldExpiredError,
    SlotTakenError,
    TooLateError,
    VersionMismatchError,
)
from bookings.models import (
    Appointment,
    Hold,
    Patient,
    Practice,
    Service,
)
from bookings.once import Once, repeatable

Claim = Callable[[list[UUID]], Done]


@repeatable
def book(
    *,
    slot_id: UUID,
    patient: Patient,
    by: User | None,
    via: Appointment.Via,
    service: Service | None = None,
    hold_token: str = "",
    as_staff: bool = False,
    reason: str = "",
    language: str = "",
    once: Once | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Book a service that starts at a slot, for a patient.

    Args:
        patient: a saved person, or an unsaved one who is saved with the booking.
        hold_token: the secret of a hold on this very time; sending it twice gives the
            appointment that the first time made.
        as_staff: not bound by notice, horizon, cap and staff-only times.
        once: the request's idempotency key; its answer is kept with the booking.
        now: the instant to judge at; by default the database's clock after the locks.

    Raises:
        BookingError: any of the refusals in `bookings.errors`; nothing was written.
        Replay: this very request was answered before.
    """
    slot = claims.find_slot(slot_id)
    chosen = service or slot.doctor.default_service
    hold = holds.find(hold_token, slot, chosen) if hold_token else None
    if hold and (made := _made_with(hold)):
        return made
    wish = Wish(slot, chosen, Practice.load(), as_staff, patient, hold)

    def claim(run: list[UUID]) -> Done:
        slots = locking.lock_slots(run)
        person = entries.lock_or_save(patient)
        locking.bump_days(locking.days_of(slots))
        moment = now or locking.clock()
        held = holds.recheck(hold, moment) if hold else None
        claims.offer(wish, moment, run=run)
        new = Appointment(patient=person, reason=reason, language=language)
        done = entries.book(new, wish, slots, Actor(by, via), moment)
        if held:
            holds.use(held, new)
        return done

    try:
        done = _win(wish, claim, once, now)
    except (SlotTakenError, HoldExpiredError):
        # The form was sent twice at once, and the other one has made the booking.
        if hold and (made := _made_with(hold)):
            return made
        raise
    entries.announce(done)
    return done.appointment


@repeatable
def reschedule(
    *,
    appointment_id: UUID,
    slot_id: UUID,
    by: User | None,
    via: Appointment.Via,
    hold_token: str = "",
    as_staff: bool = False,
    reason: str = "",
    version: int | None = None,
    once: Once | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Move an appointment to another start, of any doctor who offers its service.

    The old time is given up only if the new one is won, in one transaction. Moving to
    where it is already changes nothing.

    Args:
        version: what the caller saw; another version is refused.

    Raises:
        BookingError: the refusals of `book` and of `cancel`; nothing was written.
    """
    moving = Appointment.objects.with_everything().get(pk=appointment_id)
    slot = claims.find_slot(slot_id)
    if moving.has_place_at(slot.doctor_id, slot.start):
        return moving
    hold = holds.find(hold_token, slot, moving.service) if hold_token else None
    practice = Practice.load()
    _check_open(moving, now or locking.clock(), as_staff=as_staff, version=version)
    wish = Wish(slot, moving.service, practice, as_staff, moving.patient, hold, moving)

    def claim(run: list[UUID]) -> Done:
        appointment, slots = locking.lock_visit(appointment_id, and_slots=run)
        locking.lock_patient(appointment.patient)
        locking.bump_days(locking.days_of(slots))
        moment = now or locking.clock()
        _check_open(appointment, moment, as_staff=as_staff, version=version)
        held = holds.recheck(hold, moment) if hold else None
        claims.offer(replace(wish, moving=appointment), moment, run=run)
        new = [each for each in slots if each.pk in run]
        old = [each for each in slots if each.appointment_id == appointment_id]
        if held:
            holds.use(held, appointment)
        actor = Actor(by, via)
        return entries.move(appointment, wish, old, new, actor, moment, reason=reason)

    done = _win(wish, claim, once, now)
    entries.announce(done)
    return done.appointment


@repeatable
def cancel(
    *,
    appointment_id: UUID,
    by: User | None,
    via: Appointment.Via,
    reason: str = "",
    as_staff: bool = False,
    version: int | None = None,
    once: Once | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Cancel an appointment and free its time.

    Args:
        as_staff: not bound by the clinic's cut-off.
        version: what the caller saw; another version is refused.

    Raises:
        AlreadyCancelledError, AppointmentPastError, TooLateError, VersionMismatchError
    """

    def work() -> Done:
        appointment, slots = locking.lock_visit(appointment_id)
        slots = [slot for slot in slots if slot.appointment_id == appointment.pk]
        locking.bump_days(locking.days_of(slots))
        moment = now or locking.clock()
        _check_open(appointment, moment, as_staff=as_staff, version=version)
        actor = Actor(by, via)
        return entries.cancel(appointment, slots, actor, moment, reason=reason)

    done = locking.durably(lambda: entries.once(work, once))
    entries.announce(done)
    return done.appointment


def _win(wish: Wish, claim: Claim, once: Once | None, now: datetime | None) -> Done:
    """Queue for the slots of the wish, then claim them in a transaction.

    If a constraint says no, say why in the words of the calculator.
    """
    offer = claims.offer(wish, now or locking.clock())
    run: list[Any] = [slot.id for slot in offer.slots]
    try:
        with locking.slot_locks(run):
            return locking.durably(lambda: entries.once(lambda: claim(run), once))
    except IntegrityError as error:
        clash = claims.clash(error)
        if isinstance(clash, SlotTakenError):
            claims.offer(wish, now or locking.clock())  # raises the true reason
        raise clash from error


def _made_with(hold: Hold) -> Appointment | None:
    """Return what this hold was used for already, if it was."""
    used = Hold.objects.filter(pk=hold.pk).values("appointment")
    return Appointment.objects.with_everything().filter(pk__in=used).first()


def _check_open(
    appointment: Appointment, now: datetime, *, as_staff: bool, version: int | None
) -> None:
    """Refuse a change of what is over, cancelled, past the cut-off, or seen otherwise."""
    if appointment.status == Appointment.Status.CANCELLED:
        raise AlreadyCancelledError
    if version is not None and version != appointment.version:
        raise VersionMismatchError
    if appointment.status != Appointment.Status.BOOKED or appointment.end <= now:
        raise AppointmentPastError
    cutoff = timedelta(minutes=Practice.load().cutoff_minutes)
    if not as_staff and not appointment.is_cancellable(now, cutoff):
        raise TooLateError
