"""Book and cancel: the only writers of an appointment's state.

Each reads top to bottom as guard → lock → re-check → write → announce.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from psycopg.types.range import Range

from accounts.models import User
from bookings import locking
from bookings.actions import claims, holds
from bookings.actions.claims import Wish
from bookings.availability import Offer
from bookings.errors import (
    AlreadyCancelledError,
    AppointmentPastError,
    HoldExpiredError,
    PatientBusyError,
    SlotTakenError,
    TooLateError,
    VersionMismatchError,
)
from bookings.live import events
from bookings.models import (
    Appointment,
    AppointmentChange,
    Hold,
    Patient,
    Practice,
    Service,
    Slot,
)
from bookings.outbox import post


@dataclass(frozen=True)
class Request:
    """Everything a booking is asked with, besides the time itself."""

    patient: Patient  # a saved one, or a new person to be saved with the booking
    by: User | None
    via: Appointment.Via
    as_staff: bool = False
    reason: str = ""
    language: str = ""


@dataclass(frozen=True)
class _Booked:
    appointment: Appointment
    change: AppointmentChange
    slots: list[Slot]
    now: datetime


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
    now: datetime | None = None,
) -> Appointment:
    """Book a service that starts at a slot, for a patient.

    Args:
        patient: a saved person, or an unsaved one who is saved with the booking.
        hold_token: the secret of a hold on this very time; sending it twice gives the
            appointment that the first time made.
        as_staff: not bound by notice, horizon, cap and staff-only times.
        now: the instant to judge at; by default the database's clock after the locks.

    Raises:
        BookingError: any of the refusals in `bookings.errors`; nothing was written.
    """
    wish = claims.wish_for(slot_id, service)
    hold = holds.find(hold_token, wish) if hold_token else None
    if hold and hold.appointment_id:
        return Appointment.objects.with_everything().get(pk=hold.appointment_id)
    asked = Request(
        patient=patient,
        by=by,
        via=via,
        as_staff=as_staff,
        reason=reason,
        language=language,
    )
    try:
        offer = _offer(wish, asked, hold, now or locking.clock())
        run = [slot.id for slot in offer.slots]
        with locking.slot_locks(run):
            booked = _claim_or_explain(wish, asked, hold, run, now)
    except (SlotTakenError, HoldExpiredError):
        if twin := _made_meanwhile(hold):
            return twin
        raise
    _announce(booked)
    return booked.appointment


def cancel(
    *,
    appointment_id: UUID,
    by: User | None,
    via: Appointment.Via,
    reason: str = "",
    as_staff: bool = False,
    version: int | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Cancel an appointment and free its time.

    Args:
        as_staff: not bound by the clinic's cut-off.
        version: what the caller saw; another version is refused.

    Raises:
        AlreadyCancelledError, AppointmentPastError, TooLateError, VersionMismatchError
    """

    def work() -> _Booked:
        slots = locking.lock_slots(
            Slot.objects.filter(appointment=appointment_id).values_list("pk", flat=True)
        )
        appointment = locking.lock_appointment(appointment_id)
        slots = [slot for slot in slots if slot.appointment_id == appointment.pk]
        locking.bump_days(locking.days_of(slots))
        moment = now or locking.clock()
        _check_cancellable(appointment, moment, as_staff=as_staff, version=version)
        appointment.status = Appointment.Status.CANCELLED
        appointment.version += 1
        appointment.save(update_fields=["status", "version"])
        _hand_over(slots, None, moment)
        asked = Request(patient=appointment.patient, by=by, via=via, reason=reason)
        change = _record(AppointmentChange.Kind.CANCELLED, appointment, asked, moment)
        return _Booked(appointment, change, slots, moment)

    cancelled = locking.durably(work)
    _announce(cancelled)
    return cancelled.appointment


def _made_meanwhile(hold: Hold | None) -> Appointment | None:
    """The form was sent twice at once: the other one has made the booking."""
    if hold is None:
        return None
    made = Appointment.objects.with_everything()
    return made.filter(
        pk__in=Hold.objects.filter(pk=hold.pk).values("appointment")
    ).first()


def _claim_or_explain(
    wish: Wish, asked: Request, hold: Hold | None, run: list[Any], now: datetime | None
) -> _Booked:
    """Claim; if a constraint says no, say why in the words of the calculator."""
    try:
        return locking.durably(lambda: _claim(wish, asked, hold, run, now))
    except IntegrityError as error:
        constraint = getattr(
            getattr(error.__cause__, "diag", None), "constraint_name", ""
        )
        if constraint == "appointment_patient_once":
            raise PatientBusyError from error
        if constraint != "appointment_doctor_once":
            raise
        _offer(wish, asked, hold, now or locking.clock())  # raises the true reason
        raise SlotTakenError from error


def _claim(
    wish: Wish, asked: Request, hold: Hold | None, run: list[Any], now: datetime | None
) -> _Booked:
    """Lock → re-check → write, inside the transaction."""
    slots = locking.lock_slots(run)
    patient = _lock_or_save(asked.patient)
    locking.bump_days(locking.days_of(slots))
    moment = now or locking.clock()
    if hold:
        hold = holds.recheck(hold, moment)
    _offer(wish, asked, hold, moment)
    appointment = _write(wish, asked, patient, slots, moment)
    _hand_over(slots, appointment, moment)
    if hold:
        holds.use(hold, appointment)
    change = _record(AppointmentChange.Kind.BOOKED, appointment, asked, moment)
    return _Booked(appointment, change, slots, moment)


def _offer(wish: Wish, asked: Request, hold: Hold | None, now: datetime) -> Offer[Any]:
    """Return the offer, or raise why there is none."""
    policy = claims.policy_of(
        wish.practice,
        wish.service,
        as_staff=asked.as_staff,
        room_in_cap=_has_room(asked.patient, wish.practice, now),
    )
    offer = claims.evaluate(wish, policy, now, my_hold=hold.pk if hold else None)
    if not offer.is_free:
        raise claims.refusal(offer, now)
    if not asked.patient._state.adding and _is_busy(asked.patient, offer):
        raise PatientBusyError
    return offer


def _has_room(patient: Patient, practice: Practice, now: datetime) -> bool:
    if patient._state.adding:
        return True
    held = Appointment.objects.upcoming(now).filter(patient=patient).count()
    return held < practice.max_open_appointments


def _is_busy(patient: Patient, offer: Offer[Any]) -> bool:
    clashing = Appointment.objects.active().filter(
        patient=patient, start__lt=offer.end, end__gt=offer.start, is_overbooked=False
    )
    return clashing.exists()


def _lock_or_save(patient: Patient) -> Patient:
    if not patient._state.adding:
        return locking.lock_patient(patient)
    patient.save(force_insert=True)
    patient._state.adding = True  # a retried transaction must insert again
    return patient


def _write(
    wish: Wish, asked: Request, patient: Patient, slots: list[Slot], now: datetime
) -> Appointment:
    start, service = wish.slot.start, wish.service
    end = start + service.length
    local = start.astimezone(wish.doctor.zone)
    return Appointment.objects.create(
        doctor=wish.doctor,
        service=service,
        location=wish.slot.location,
        patient=patient,
        start=start,
        end=end,
        occupied=Range(start - service.before, end + service.after, "[)"),
        wall_start=f"{local:%Y-%m-%dT%H:%M}",
        zone=wish.doctor.timezone,
        fold=local.fold,
        original_slots=[slot.pk for slot in slots],
        booked_via=asked.via,
        language=asked.language,
        reason=asked.reason,
        created_at=now,
    )


def _hand_over(slots: list[Slot], to: Appointment | None, now: datetime) -> None:
    """Give the slots to an appointment, or to nobody; their versions grow."""
    for slot in slots:
        slot.version = slot.version_at(now) + 1
        slot.appointment, slot.hold, slot.held_until = to, None, None
    Slot.objects.bulk_update(slots, ["version", "appointment", "hold", "held_until"])


def _record(
    kind: AppointmentChange.Kind,
    appointment: Appointment,
    asked: Request,
    now: datetime,
) -> AppointmentChange:
    """Write one line of history, and the message about it."""
    change = AppointmentChange.objects.create(
        appointment=appointment,
        kind=kind,
        by=asked.by,
        via=asked.via,
        reason=asked.reason if kind != AppointmentChange.Kind.BOOKED else "",
        version=appointment.version,
        start=appointment.start,
        end=appointment.end,
        at=now,
    )
    post.enqueue(change)
    return change


def _check_cancellable(
    appointment: Appointment, now: datetime, *, as_staff: bool, version: int | None
) -> None:
    if version is not None and version != appointment.version:
        raise VersionMismatchError
    if appointment.status == Appointment.Status.CANCELLED:
        raise AlreadyCancelledError
    if appointment.status != Appointment.Status.BOOKED or appointment.end <= now:
        raise AppointmentPastError
    cutoff = timedelta(minutes=Practice.load().cutoff_minutes)
    if not as_staff and not appointment.is_cancellable(now, cutoff):
        raise TooLateError


def _announce(done: _Booked) -> None:
    """After commit: live pages and the worker get to know."""
    events.slots_changed(done.slots, done.now)
    post.wake_worker(done.change)
