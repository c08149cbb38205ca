"""Changing the rules under booked patients: see who is hit, decide, all in one go.

A change is whatever `write` saves: hours, time off, a holiday, a service's length. The
preview really does all of it, and then takes it back; so what it shows is what would
happen. Who fitted the rules before and does not any more is hit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bookings import locking
from bookings.actions import claims, entries, proposals, slots
from bookings.actions.claims import Wish
from bookings.actions.entries import Actor, Done
from bookings.actions.misfits import Misfit, misfits
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
Result = TypeVar("Result")
DayKey = tuple[UUID, date]

_DAY = timedelta(days=1)


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
    days: set[DayKey] = field(default_factory=set)


class _TakeBackError(Exception):
    """Ends a preview: nothing of it stays."""

    def __init__(self, done: "Changed[object]") -> None:
        super().__init__()
        self.done = done


@dataclass(frozen=True)
class Scope:
    """What a change can touch; what lies outside is neither locked nor looked at.

    Args:
        doctors: whose calendars; by default everybody's.
        days: first and last day; by default all that are published.
    """

    doctors: Sequence[UUID] | None = None
    days: tuple[date, date] | None = None

    def of_doctors(self) -> QuerySet[Doctor]:
        rows = Doctor.objects.all()
        return rows if self.doctors is None else rows.filter(pk__in=self.doctors)

    def days_of(self, doctor: Doctor, now: datetime) -> tuple[date, date]:
        """The days to publish again, on the doctor's calendar."""
        today = now.astimezone(doctor.zone).date()
        last = today + timedelta(days=Practice.load().horizon_days)
        if self.days is None:
            return today, last
        return max(today, self.days[0] - _DAY), min(last, self.days[1] + _DAY)


EVERYTHING = Scope()


def preview(
    write: Callable[[], object],
    *,
    scope: Scope = EVERYTHING,
    now: datetime | None = None,
) -> list[Hit]:
    """Say whom a change would hit, each with the nearest new time, and undo it all.

    Args:
        write: saves the change; it is run, and rolled back.
    """

    def look_only() -> None:
        nobody = Actor(None, Appointment.Via.DESK)
        raise _TakeBackError(_change(write, scope, None, nobody, now))

    try:
        _durably(look_only)
    except _TakeBackError as seen:
        return seen.done.hits
    return []


def apply(
    write: Callable[[], Written],
    *,
    decisions: Mapping[UUID, Decision],
    by: Actor,
    scope: Scope = EVERYTHING,
    now: datetime | None = None,
) -> Changed[Written]:
    """Save a change and deal with every visit it hits, in one transaction.

    Args:
        decisions: by appointment; one that lost no place needs none.

    Raises:
        UndecidedError: somebody is hit of whom nothing was decided, or the agreed new
            time has gone meanwhile; nothing was written. Preview again.
    """
    done = _durably(lambda: _change(write, scope, decisions, by, now))
    if done.days:
        events.days_changed(done.days)
    for change in done.told:
        entries.tell(change)
    return done


def _durably(work: Callable[[], Result]) -> Result:
    try:
        return locking.durably(work)
    except IntegrityError as error:
        raise claims.clash(error) from error


def _change(
    write: Callable[[], Written],
    scope: Scope,
    decisions: Mapping[UUID, Decision] | None,
    by: Actor,
    now: datetime | None,
) -> Changed[Written]:
    """Write, publish, and settle each visit that is hit (all are moved, in a preview)."""
    _lock_calendar(scope, now or locking.clock())
    moment = now or locking.clock()
    before = {each.key for each in _misfits(scope, moment)}
    done = Changed(write(), moment)
    done.days |= _bring_in_line(scope, moment).days
    hit = [each for each in _misfits(scope, moment) if each.key not in before]
    if hit:
        locking.bump_days(_settle_all(hit, decisions, by, done))
        touched = {each.appointment.doctor_id for each in hit}
        done.days |= _bring_in_line(replace(scope, doctors=list(touched)), moment).days
    return done


def _misfits(scope: Scope, now: datetime) -> list[Misfit]:
    return misfits(now, doctors=scope.doctors, days=scope.days)


def _lock_calendar(scope: Scope, now: datetime) -> None:
    """Lock all that is coming, in the order that every action keeps.

    Of a change on some days also the times around them, to which visits may move.
    """
    coming = Slot.objects.filter(end__gt=now)
    visits = Appointment.objects.upcoming(now)
    if scope.doctors is not None:
        coming = coming.filter(doctor__in=scope.doctors)
        visits = visits.filter(doctor__in=scope.doctors)
    if scope.days is not None:
        first, last = scope.days
        coming = coming.filter(
            day__range=(first - proposals.FAR - _DAY, last + proposals.FAR + _DAY)
        )
        visits = visits.filter(start__date__range=(first - _DAY, last + _DAY))
    people = list(visits.values_list("patient", flat=True))
    for rows in (coming, visits, Patient.objects.filter(pk__in=people)):
        list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))


def _bring_in_line(scope: Scope, now: datetime) -> slots.Published:
    slots.keep_up_holidays(Practice.load(), Practice.load().horizon_days, now)
    done = slots.Published()
    for doctor in scope.of_doctors().filter(is_active=True):
        first, last = scope.days_of(doctor, now)
        if first <= last:
            done += slots.bring_in_line(doctor, first, last, now)
    return done


def _settle_all(
    hit: Sequence[Misfit],
    decisions: Mapping[UUID, Decision] | None,
    by: Actor,
    done: Changed[Written],
) -> set[DayKey]:
    """Deal with each visit; returns the doctors' days on which something changed."""
    touched: set[DayKey] = set()
    for misfit in sorted(hit, key=lambda each: each.appointment.start):
        visit = misfit.appointment
        decision = _MOVE if decisions is None else decisions.get(visit.pk)
        if decision is None:
            raise UndecidedError
        proposal = None
        if decision.choice is Choice.MOVE:
            proposal = proposals.nearest(visit, done.now)
            is_agreed = proposal and decision.start in {None, proposal.slot.start}
            if decisions is not None and not is_agreed:
                raise UndecidedError
        done.hits.append(Hit(misfit, proposal.slot if proposal else None))
        if settled := _settle(visit, decision.choice, proposal, by, done.now):
            touched |= locking.days_of(settled.slots)
            done.told.append(settled.change)
    done.days |= touched
    return touched


def _settle(
    visit: Appointment, choice: Choice, to: Wish | None, by: Actor, now: datetime
) -> Done | None:
    """Do to one visit what was decided; nothing if it stays as it is."""
    reason = _("The clinic's hours or services changed.")
    old = list(visit.slots)
    # A copy: what is shown of a hit is where it was.
    visit = Appointment.objects.get(pk=visit.pk)
    match choice:
        case Choice.MOVE if to:
            run: list[Any] = [each.id for each in claims.offer(to, now).slots]
            rows = Slot.objects.filter(pk__in=run).select_related("location", "doctor")
            new = list(rows.order_by("start"))
            return entries.move(visit, to, old, new, by, now, reason=reason)
        case Choice.CANCEL:
            return entries.cancel(visit, old, by, now, reason=reason)
        case Choice.UNPLACE:
            return entries.unplace(visit, old, by, now, reason=reason)
    return None
