"""Before anything is written: what is wanted, whether it can be had, and if not, why."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError

from bookings.actions import limits
from bookings.availability import (
    SENTENCES,
    Interval,
    Offer,
    Policy,
    Reason,
    Visit,
    judge,
)
from bookings.errors import (
    BookingError,
    NoSlotError,
    NotOfferedError,
    PatientBusyError,
    SlotBusyError,
    SlotHeldError,
    SlotTakenError,
)
from bookings.models import (
    Appointment,
    Doctor,
    Hold,
    Patient,
    Practice,
    Service,
    Slot,
)

# Longest service plus its buffers, so that one query sees all that can matter.
AROUND = timedelta(hours=16)


@dataclass(frozen=True)
class Wish:
    """A start and a service: what somebody wants, not yet judged.

    `hold` and `moving` are the asker's own: they do not stand in their own way.
    `ahead` are visits of the same series that were just written.
    """

    slot: Slot
    service: Service
    practice: Practice
    as_staff: bool = False
    patient: Patient | None = None
    hold: Hold | None = None
    moving: Appointment | None = None
    ahead: int = 0

    @property
    def doctor(self) -> Doctor:
        return self.slot.doctor

    @property
    def end(self) -> datetime:
        return self.slot.start + self.service.length


def find_slot(slot_id: UUID) -> Slot:
    """Read a slot with its doctor.

    Raises:
        NoSlotError: there is no such slot.
    """
    slots = Slot.objects.select_related("doctor__default_service", "location")
    try:
        return slots.get(pk=slot_id)
    except Slot.DoesNotExist as error:
        raise NoSlotError(slot_id) from error


def offer(
    wish: Wish, now: datetime, *, run: Sequence[object] | None = None
) -> Offer[object]:
    """Return the offer on the rows as they are now, or raise why there is none.

    Args:
        run: the ids of the slots that were locked for it.

    Raises:
        BookingError: why it is not offered; SlotBusyError if it would now take other
            slots than the locked ones.
    """
    judged = evaluate(wish, now)
    if not judged.is_free:
        raise refusal(judged, now, as_staff=wish.as_staff)
    if patient_is_busy(wish):
        raise PatientBusyError
    if run is not None and [slot.id for slot in judged.slots] != list(run):
        raise SlotBusyError
    return judged


def evaluate(wish: Wish, now: datetime) -> Offer[object]:
    """Judge the wish on the rows as they are now."""
    start = wish.slot.start
    # Before the slots: a booking that commits in between then shows as taken, by its
    # slot, and not as a neighbour's buffer.
    busy = busy_times(wish.doctor, start - AROUND, start + AROUND, moving=wish.moving)
    rows = Slot.objects.filter(
        doctor=wish.doctor, start__gte=start, start__lt=start + AROUND
    ).order_by("start")
    facts = [
        row.facts(
            my_hold=wish.hold.pk if wish.hold else None,
            my_appointment=wish.moving.pk if wish.moving else None,
        )
        for row in rows
    ]
    is_for_new = any(fact.new_patients_only for fact in facts)
    return judge(
        facts[0],
        facts[1:],
        visit=visit_of(wish.service, wish.doctor),
        policy=policy_of(
            wish.practice,
            wish.service,
            as_staff=wish.as_staff,
            is_known=is_for_new and is_known(wish, now),
            room_in_cap=has_room(wish, now),
            room_in_plan=has_room_in_plan(wish, now),
        ),
        busy=busy,
        now=now,
    )


def visit_of(service: Service, doctor: Doctor) -> Visit:
    """Say what the calculator must know of a service at a doctor."""
    is_offered = (
        doctor.is_active
        and service.is_active
        and any(service.pk == own.pk for own in doctor.services.all())
    )
    return visit(service, is_offered=is_offered)


def visit(service: Service, *, is_offered: bool) -> Visit:
    """The same for who knows whether a doctor offers the service."""
    return Visit(service.length, service.before, service.after, offered=is_offered)


def policy_of(
    practice: Practice,
    service: Service,
    *,
    as_staff: bool,
    is_known: bool = False,
    room_in_cap: bool = True,
    room_in_plan: bool = True,
) -> Policy:
    """Gather the clinic's rules for this service and this kind of asker."""
    own = service.notice_minutes
    return Policy(
        notice=timedelta(minutes=practice.notice_minutes if own is None else own),
        horizon=timedelta(days=practice.horizon_days),
        by_staff=as_staff,
        is_known=is_known,
        room_in_cap=room_in_cap,
        room_in_plan=room_in_plan,
    )


def busy_times(
    doctor: Doctor,
    start: datetime,
    end: datetime,
    *,
    moving: Appointment | None = None,
) -> list[Interval]:
    """What the doctor's active appointments occupy between two instants."""
    return busy_times_of([doctor], start, end, moving=moving)[doctor.pk]


def busy_times_of(
    doctors: Iterable[Doctor],
    start: datetime,
    end: datetime,
    *,
    moving: Appointment | None = None,
) -> dict[UUID, list[Interval]]:
    """The same of several doctors, each by id; of one who is free, an empty list."""
    rows = (
        Appointment.objects.occupying()
        .but(moving)
        .filter(doctor__in=list(doctors), occupied__overlap=(start, end))
    )
    busy: dict[UUID, list[Interval]] = defaultdict(list)
    for doctor_id, occupied in rows.values_list("doctor", "occupied"):
        busy[doctor_id].append((occupied.lower, occupied.upper))
    return busy


def refusal(
    refused: Offer[object], now: datetime, *, as_staff: bool = False
) -> BookingError:
    """Turn a refused offer into the error that says so."""
    if refused.reason is Reason.TAKEN:
        return SlotTakenError()
    if refused.reason is Reason.HELD:
        ends = [s.held_until for s in refused.slots if s.held_until]
        return SlotHeldError(max(end for end in ends if end > now))
    if refused.reason is Reason.PLAN and as_staff:
        return NotOfferedError(refused.reason, limits.told_to_staff())
    assert refused.reason is not None  # noqa: S101 (a refused offer has a reason)
    return NotOfferedError(refused.reason, SENTENCES[refused.reason])


def clash(error: IntegrityError) -> BookingError:
    """Say in the calculator's words which constraint said no.

    Raises:
        IntegrityError: the error itself, if it is none of ours.
    """
    match getattr(getattr(error.__cause__, "diag", None), "constraint_name", ""):
        case "appointment_patient_once":
            return PatientBusyError()
        case "appointment_doctor_once":
            return SlotTakenError()
    raise error


def has_room(wish: Wish, now: datetime) -> bool:
    """Whether the patient may have one more; moving one does not make it more."""
    patient = wish.patient
    if patient is None or patient._state.adding or wish.moving:
        return True
    has = Appointment.objects.upcoming(now).filter(patient=patient).count()
    return has < wish.practice.max_open_appointments


def has_room_in_plan(wish: Wish, now: datetime) -> bool:
    """Whether the clinic may have one more. Who holds a time was promised it."""
    if wish.moving or wish.hold:
        return True
    return limits.has_room(now, ahead=wish.ahead)


def is_known(wish: Wish, now: datetime) -> bool:
    """Whether the patient has been here before, as far as the calendar tells."""
    if wish.patient is None or wish.patient._state.adding:
        return False
    past = Appointment.objects.active().filter(patient=wish.patient, end__lte=now)
    return past.exists()


def patient_is_busy(wish: Wish) -> bool:
    """Whether the patient is elsewhere then: nobody is overbooked for themselves."""
    if wish.patient is None or wish.patient._state.adding:
        return False
    others = Appointment.objects.active().filter(is_unplaced=False).but(wish.moving)
    return others.filter(
        patient=wish.patient, start__lt=wish.end, end__gt=wish.slot.start
    ).exists()
