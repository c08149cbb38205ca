"""Changing the rules under booked patients: see who is hit, decide, all in one go.

A change is whatever `write` saves: hours, time off, a holiday, a service's length. The
preview really does all of it, and then takes it back; so what it shows is what would
happen. Who fitted the rules before and does not any more is hit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from bookings import locking
from bookings.actions import claims, entries, slots
from bookings.actions.claims import Wish
from bookings.actions.entries import Actor, Done
from bookings.actions.misfits import Misfit, misfits
from bookings.availability import offers
from bookings.errors import UndecidedError
from bookings.live import events
from bookings.models import (
    Appointment,
    AppointmentChange,
    Doctor,
    Patient,
    Practice,
    Slot,
)

Written = TypeVar("Written")
_REASON = "The clinic's hours or services changed."
_LOOK_AROUND = timedelta(days=42)  # how far from its old time a new one is looked for


class Choice(StrEnum):
    """What becomes of a visit that is hit."""

    KEEP = "keep"
    MOVE = "move"
    CANCEL = "cancel"
    UNPLACE = "unplace"


@dataclass(frozen=True)
class Decision:
    """A choice; for `MOVE` also the new start that was agreed to."""

    choice: Choice
    start: datetime | None = None


_MOVE = Decision(Choice.MOVE)


@dataclass(frozen=True)
class Hit:
    """A visit that the change leaves without its place."""

    misfit: Misfit
    proposal: Slot | None  # where it could go: free, and of the same doctor

    @property
    def appointment(self) -> Appointment:
        return self.misfit.appointment


@dataclass
class Changed(Generic[Written]):
    """What a change did."""

    written: Written
    now: datetime
    hits: list[Hit] = field(default_factory=list)
    told: list[AppointmentChange] = field(default_factory=list)
    days: set[tuple[UUID, date]] = field(default_factory=set)


class _TakeBackError(Exception):
    """Ends a preview: nothing of it stays."""

    def __init__(self, done: "Changed[object]") -> None:
        super().__init__()
        self.done = done


def preview(
    write: Callable[[], object],
    *,
    doctors: Sequence[Doctor] | None = None,
    now: datetime | None = None,
) -> list[Hit]:
    """Say whom a change would hit, each with the nearest new time, and undo it all.

    Args:
        write: saves the change; it is run, and rolled back.
        doctors: whose visits it can touch; by default everybody's.
    """

    def look_only() -> None:
        nobody = Actor(None, Appointment.Via.DESK)
        raise _TakeBackError(_change(write, doctors, None, nobody, now))

    try:
        locking.durably(look_only)
    except _TakeBackError as seen:
        return seen.done.hits
    return []


def apply(
    write: Callable[[], Written],
    *,
    decisions: Mapping[UUID, Decision],
    by: Actor,
    doctors: Sequence[Doctor] | None = None,
    now: datetime | None = None,
) -> Changed[Written]:
    """Save a change and deal with every visit it hits, in one transaction.

    Args:
        decisions: by appointment; one that lost no place needs none.

    Raises:
        UndecidedError: somebody is hit of whom nothing was decided, or the agreed new
            time has gone meanwhile; nothing was written. Preview again.
    """
    done = locking.durably(lambda: _change(write, doctors, decisions, by, now))
    if done.days:
        events.days_changed(done.days)
    for change in done.told:
        entries.tell(change)
    return done


def _change(
    write: Callable[[], Written],
    doctors: Sequence[Doctor] | None,
    decisions: Mapping[UUID, Decision] | None,
    by: Actor,
    now: datetime | None,
) -> Changed[Written]:
    """Write, publish, and settle each visit that is hit (all are moved, in a preview)."""
    _lock_calendar(doctors, now or locking.clock())
    moment = now or locking.clock()
    before = {each.key for each in misfits(moment, doctors=doctors)}
    done = Changed(write(), moment)
    published = _bring_in_line(doctors, moment)
    done.days |= published.days
    after = misfits(moment, doctors=doctors)
    hit = [each for each in after if each.key not in before]
    if hit:
        _settle_all(hit, decisions, by, done)
        done.days |= _bring_in_line(_doctors_of(hit), moment).days
    return done


def _lock_calendar(doctors: Sequence[Doctor] | None, now: datetime) -> None:
    """Lock all that is coming, in the order that every action keeps."""
    ids = None if doctors is None else [each.pk for each in doctors]
    coming = Slot.objects.filter(end__gt=now)
    visits = Appointment.objects.upcoming(now)
    if ids is not None:
        coming, visits = coming.filter(doctor__in=ids), visits.filter(doctor__in=ids)
    for rows in (
        coming,
        visits,
        Patient.objects.filter(pk__in=list(visits.values_list("patient", flat=True))),
    ):
        list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))


def _bring_in_line(doctors: Sequence[Doctor] | None, now: datetime) -> slots.Published:
    ahead = Practice.load().horizon_days + 1
    slots.keep_up_holidays(Practice.load(), ahead, now)
    wanted = Doctor.objects.filter(is_active=True)
    if doctors is not None:
        wanted = wanted.filter(pk__in=[each.pk for each in doctors])
    done = slots.Published()
    for doctor in wanted:
        done += slots.bring_in_line(doctor, ahead, now)
    return done


def _settle_all(
    hit: Sequence[Misfit],
    decisions: Mapping[UUID, Decision] | None,
    by: Actor,
    done: Changed[Written],
) -> None:
    for misfit in sorted(hit, key=lambda each: each.appointment.start):
        visit = misfit.appointment
        decision = _MOVE if decisions is None else decisions.get(visit.pk)
        if decision is None:
            raise UndecidedError
        proposal = None
        if decision.choice is Choice.MOVE:
            proposal = _nearest(visit, done.now)
            is_agreed = proposal and decision.start in {None, proposal.slot.start}
            if decisions is not None and not is_agreed:
                raise UndecidedError
        done.hits.append(Hit(misfit, proposal.slot if proposal else None))
        if settled := _settle(visit, decision.choice, proposal, by, done.now):
            done.days |= locking.days_of(settled.slots)
            done.told.append(settled.change)


def _settle(
    visit: Appointment, choice: Choice, to: Wish | None, by: Actor, now: datetime
) -> Done | None:
    """Do to one visit what was decided; nothing if it stays as it is."""
    old = list(Slot.objects.filter(appointment=visit.pk).order_by("start"))
    # A copy: what is shown of a hit is where it was.
    visit = Appointment.objects.get(pk=visit.pk)
    match choice:
        case Choice.MOVE if to:
            run: list[Any] = [each.id for each in claims.offer(to, now).slots]
            rows = Slot.objects.filter(pk__in=run).select_related("location", "doctor")
            new = list(rows.order_by("start"))
            return entries.move(visit, to, old, new, by, now, reason=_REASON)
        case Choice.CANCEL:
            return entries.cancel(visit, old, by, now, reason=_REASON)
        case Choice.UNPLACE:
            return entries.unplace(visit, old, by, now, reason=_REASON)
    return None


def _nearest(visit: Appointment, now: datetime) -> Wish | None:
    """The free start of the same doctor that is nearest to the old one."""
    doctor = Doctor.objects.prefetch_related("services").get(pk=visit.doctor_id)
    first, last = visit.start - _LOOK_AROUND, visit.start + _LOOK_AROUND
    busy = claims.busy_times(doctor, first, last + _LOOK_AROUND, moving=visit)
    rows = Slot.objects.between(max(first, now), last).filter(doctor=doctor)
    by_id: dict[object, Slot] = {row.pk: row for row in rows.select_related("location")}
    practice = Practice.load()
    judged = offers(
        [row.facts(my_appointment=visit.pk) for row in by_id.values()],
        visit=claims.visit_of(visit.service, doctor),
        policy=claims.policy_of(practice, visit.service, as_staff=True),
        busy=busy,
        now=now,
    )
    free = [by_id[offer.slots[0].id] for offer in judged if offer.is_free]
    for slot in sorted(free, key=lambda slot: abs(slot.start - visit.start)):
        slot.doctor = doctor
        wish = Wish(
            slot,
            visit.service,
            practice,
            as_staff=True,
            patient=visit.patient,
            moving=visit,
        )
        if not claims.patient_is_busy(wish):
            return wish
    return None


def _doctors_of(hit: Sequence[Misfit]) -> list[Doctor]:
    return list({each.appointment.doctor for each in hit})
