"""Whether a time can be had, and if not, why. Pure: no ORM, clock passed in.

One calculator for listing, holding, booking and staff's "why is this not free?": what it
offers books, and what it refuses carries one `Reason`.

A service occupies one or more consecutive slots ("a run"), from its start for its
length, plus its buffers before and after. The run ends with the first slot whose end
reaches the end of the service.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Id = TypeVar("Id")


class Reason(StrEnum):
    """Why a time is refused. Values are the API's `reason` (or its `code`)."""

    TAKEN = "taken"
    HELD = "held"
    BLOCKED = "blocked"
    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    OUTSIDE_HOURS = "outside_hours"
    TIME_OFF = "time_off"
    BUFFER = "buffer"
    CAP = "cap"
    SERVICE = "service"
    ROOM = "room"
    STAFF_ONLY = "staff_only"
    NEW_PATIENTS = "new_patients"
    PLAN = "plan"


SENTENCES: Mapping[Reason, str | Promise] = {
    Reason.TAKEN: _("Someone else has this time."),
    Reason.HELD: _("Someone else is holding this time."),
    Reason.BLOCKED: _("The clinic has taken this time out of the calendar."),
    Reason.PAST: _("This time has passed."),
    Reason.NOTICE: _("This time is too soon to book online."),
    Reason.HORIZON: _("This time is too far ahead to book yet."),
    Reason.OUTSIDE_HOURS: _(
        "The doctor is not in at this time, or not for long enough."
    ),
    Reason.TIME_OFF: _("The doctor is away at this time."),
    Reason.BUFFER: _("There is not enough room between this and another visit."),
    Reason.CAP: _("This person has as many open appointments as the clinic allows."),
    Reason.SERVICE: _("This doctor does not offer this kind of visit."),
    Reason.ROOM: _("There is no room for this visit at that time."),
    Reason.STAFF_ONLY: _("This time can only be booked by calling the clinic."),
    Reason.NEW_PATIENTS: _("This time is kept for people who are new to the clinic."),
    Reason.PLAN: _("This clinic cannot take more bookings online this month."),
}


@dataclass(frozen=True)
class SlotFacts(Generic[Id]):
    """What the calculator must know of one published slot. Instants are aware."""

    id: Id
    start: datetime
    end: datetime
    taken: bool = False
    blocked: Reason | None = None  # why it is out of the calendar
    staff_only: bool = False
    new_patients_only: bool = False
    held_until: datetime | None = None
    held_by_me: bool = False


@dataclass(frozen=True)
class Visit:
    """What is asked for: how long, with how much room around it."""

    length: timedelta
    before: timedelta = timedelta()
    after: timedelta = timedelta()
    offered: bool = True  # by this doctor, and open for booking


@dataclass(frozen=True)
class Policy:
    """The clinic's rules for whoever asks. Staff are bound by fewer of them."""

    notice: timedelta = timedelta()
    horizon: timedelta = timedelta(days=3650)
    by_staff: bool = False
    is_known: bool = False  # has been here before
    room_in_cap: bool = True
    room_in_plan: bool = True  # of the clinic, for one more this month


@dataclass(frozen=True)
class Offer(Generic[Id]):
    """The answer for one start: the slots it would take, or why it cannot be had."""

    start: datetime
    end: datetime
    slots: tuple[SlotFacts[Id], ...] = field(default=())
    reason: Reason | None = None

    @property
    def is_free(self) -> bool:
        return self.reason is None


Interval = tuple[datetime, datetime]


def judge(
    first: SlotFacts[Id],
    following: Sequence[SlotFacts[Id]],
    *,
    visit: Visit,
    policy: Policy,
    busy: Iterable[Interval],
    now: datetime,
) -> Offer[Id]:
    """Say whether `visit` can start at the slot `first`, judged at the instant `now`.

    Args:
        following: the doctor's slots that start after `first`, in order.
        busy: what the doctor's active appointments occupy, buffers included.
    """
    end = first.start + visit.length
    run = _run(first, following, end)
    reason = (
        _refused_by_policy(first.start, end, visit, policy, now)
        or _refused_by_slots(run, end, policy, now)
        or _refused_by_neighbours(first.start, end, visit, busy)
    )
    return Offer(first.start, end, run, reason)


def offers(
    slots: Sequence[SlotFacts[Id]],
    *,
    visit: Visit,
    policy: Policy,
    busy: Iterable[Interval],
    now: datetime,
) -> list[Offer[Id]]:
    """Judge each slot of one doctor (sorted by start) as the start of `visit`."""
    occupied = list(busy)
    return [
        judge(slot, slots[i + 1 :], visit=visit, policy=policy, busy=occupied, now=now)
        for i, slot in enumerate(slots)
    ]


def _run(
    first: SlotFacts[Id], following: Iterable[SlotFacts[Id]], end: datetime
) -> tuple[SlotFacts[Id], ...]:
    """Collect the consecutive slots from `first` until one reaches `end`."""
    run = [first]
    for slot in following:
        if run[-1].end >= end or slot.start != run[-1].end:
            break
        run.append(slot)
    return tuple(run)


def _refused_by_policy(
    start: datetime, end: datetime, visit: Visit, policy: Policy, now: datetime
) -> Reason | None:
    if not visit.offered:
        return Reason.SERVICE
    if (end if policy.by_staff else start) <= now:
        return Reason.PAST
    if not policy.room_in_plan:
        return Reason.PLAN
    if policy.by_staff:
        return None
    if start < now + policy.notice:
        return Reason.NOTICE
    if start > now + policy.horizon:
        return Reason.HORIZON
    return None if policy.room_in_cap else Reason.CAP


def _refused_by_slots(
    run: Sequence[SlotFacts[Id]], end: datetime, policy: Policy, now: datetime
) -> Reason | None:
    for slot in run:
        if reason := _refused_by_slot(slot, policy, now):
            return reason
    return Reason.OUTSIDE_HOURS if run[-1].end < end else None


def _refused_by_slot(
    slot: SlotFacts[Id], policy: Policy, now: datetime
) -> Reason | None:
    if slot.taken:
        return Reason.TAKEN
    if slot.blocked:
        return slot.blocked
    if slot.held_until and slot.held_until > now and not slot.held_by_me:
        return Reason.HELD
    if slot.staff_only and not policy.by_staff:
        return Reason.STAFF_ONLY
    if slot.new_patients_only and policy.is_known and not policy.by_staff:
        return Reason.NEW_PATIENTS
    return None


def _refused_by_neighbours(
    start: datetime, end: datetime, visit: Visit, busy: Iterable[Interval]
) -> Reason | None:
    from_, to = start - visit.before, end + visit.after
    if any(s < to and from_ < e for s, e in busy):
        return Reason.BUFFER
    return None
