"""Why a time is not free: every rule that refuses it, for staff to see and change.

The calculator says the first reason. Asked again with what it named taken away, it says
the next one, until nothing stands in the way any more. So it is the one that booking
asks, and this is only its questioner.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Model

from bookings.actions import because, claims
from bookings.actions.because import Detail
from bookings.actions.claims import AROUND, Wish
from bookings.availability import (
    SENTENCES,
    Interval,
    Offer,
    Policy,
    Reason,
    SlotFacts,
    Visit,
    judge,
)
from bookings.errors import PatientBusyError
from bookings.models import Doctor, Patient, Practice, Service, Slot

_INSTANT = timedelta(microseconds=1)


class Binds(StrEnum):
    """Whom a rule stops."""

    EVERYBODY = "everybody"
    PATIENTS = "patients"  # staff may book all the same
    KNOWN_PATIENTS = "known_patients"  # those who have been here before


@dataclass(frozen=True)
class Finding:
    """One rule that refuses a time: its code and sentence, and what exactly it is."""

    code: str
    sentence: str
    detail: str
    about: Model | None  # the row to look at, or to change
    binds: Binds = Binds.EVERYBODY


def explain(
    doctor: Doctor,
    start: datetime,
    service: Service,
    *,
    now: datetime,
    patient: Patient | None = None,
) -> list[Finding]:
    """List all that refuses a visit at an instant, in the order booking looks at it.

    Args:
        start: any instant, whether or not a time is published there.
        patient: whose cap and other visits count; by default nobody's.
    """
    slots = Slot.objects.select_related("doctor", "location", "appointment__patient")
    published = slots.filter(doctor=doctor, start=start).first()
    slot = published or _as_if_published(doctor, start, service)
    wish = Wish(slot, service, Practice.load(), patient=patient)
    found = [] if published else _unpublished(wish)
    found += _refused(wish, published, now)
    if claims.patient_is_busy(wish):
        said = str(PatientBusyError())
        found.append(Finding(PatientBusyError.code, said, "", patient))
    # A visit that has several of the slots is named once.
    return [each for n, each in enumerate(found) if each not in found[:n]]


def _as_if_published(doctor: Doctor, start: datetime, service: Service) -> Slot:
    end = start + service.length
    return Slot(doctor=doctor, location=doctor.location, start=start, end=end)


def _unpublished(wish: Wish) -> list[Finding]:
    return [
        Finding(code, sentence, detail, about)
        for code, sentence, detail, about in because.of_no_slot(wish)
    ]


def _refused(wish: Wish, published: Slot | None, now: datetime) -> list[Finding]:
    """What the calculator says, with whom it says it to."""
    case = _Case.of(wish, published, now)
    as_staff = replace(case, policy=replace(case.policy, by_staff=True))
    by_staff = set(as_staff.refusals())
    by_patient = set(case.refusals())
    if wish.patient is None:
        case = replace(case, policy=replace(case.policy, is_known=True))
    found = []
    for refusal in case.refusals():
        binds = Binds.PATIENTS if refusal in by_patient else Binds.KNOWN_PATIENTS
        if refusal in by_staff:
            binds = Binds.EVERYBODY
        detail, about = _detail(wish, refusal)
        sentence = str(SENTENCES[refusal.reason])
        found.append(Finding(refusal.reason, sentence, detail, about, binds))
    return found


@dataclass(frozen=True)
class _Refusal:
    """A reason, and the slot or the busy time that gives it."""

    reason: Reason
    slot: Any = None  # its id
    is_short: bool = False  # the slot is where the session ends, too early
    busy: Interval | None = None


@dataclass(frozen=True)
class _Case:
    """What the calculator is asked."""

    facts: tuple[SlotFacts[object], ...]
    visit: Visit
    policy: Policy
    busy: tuple[Interval, ...]
    now: datetime
    taken: dict[object, Interval]  # what the visit that has a slot occupies

    @classmethod
    def of(cls, wish: Wish, published: Slot | None, now: datetime) -> "_Case":
        start, doctor = wish.slot.start, wish.doctor
        rows = [wish.slot]
        if published:
            near = Slot.objects.filter(doctor=doctor, start__gte=start)
            near = near.filter(start__lt=start + AROUND).select_related("appointment")
            rows = list(near.order_by("start"))
        policy = claims.policy_of(
            wish.practice,
            wish.service,
            as_staff=False,
            is_known=claims.is_known(wish, now),
            room_in_cap=claims.has_room(wish, now),
            room_in_plan=claims.has_room_in_plan(wish, now),
        )
        return cls(
            tuple(_facts(row, now) for row in rows),
            claims.visit_of(wish.service, doctor),
            policy,
            tuple(claims.busy_times(doctor, start - AROUND, start + AROUND)),
            now,
            {row.pk: _occupied(row) for row in rows if row.appointment},
        )

    def refusals(self) -> Iterator[_Refusal]:
        """Ask, take away what refuses, and ask again."""
        case = self
        while True:
            offer = case._judged()
            if offer.reason is None:
                return
            refusal = case._named(offer)
            yield refusal
            case = case._without(refusal, offer)

    def _judged(self) -> Offer[object]:
        return judge(
            self.facts[0],
            self.facts[1:],
            visit=self.visit,
            policy=self.policy,
            busy=self.busy,
            now=self.now,
        )

    def _named(self, offer: Offer[object]) -> _Refusal:
        """The first that has this very reason is the one the calculator has met."""
        assert offer.reason is not None  # noqa: S101 (asked only of refused offers)
        for slot in offer.slots:
            if _gives(slot, offer.reason):
                return _Refusal(offer.reason, slot=slot.id)
        if offer.reason is Reason.OUTSIDE_HOURS:
            return _Refusal(offer.reason, slot=offer.slots[-1].id, is_short=True)
        if offer.reason is Reason.BUFFER:
            start = offer.start - self.visit.before
            end = offer.end + self.visit.after
            meets = (each for each in self.busy if each[0] < end and start < each[1])
            return _Refusal(offer.reason, busy=next(meets))
        return _Refusal(offer.reason)

    def _without(self, refusal: _Refusal, offer: Offer[object]) -> "_Case":
        """The same case, if this one thing were otherwise."""
        reason, policy = refusal.reason, self.policy
        if refusal.slot is not None:
            return self._without_slot(refusal, offer.end)
        if reason is Reason.BUFFER:
            return self._without_busy(refusal.busy)
        if reason is Reason.SERVICE:
            return replace(self, visit=replace(self.visit, offered=True))
        if reason is Reason.PAST:  # before it, and nobody asks for notice any more
            policy = replace(policy, notice=timedelta())
            return replace(self, now=offer.start - _INSTANT, policy=policy)
        if reason is Reason.NOTICE:
            policy = replace(policy, notice=timedelta())
        elif reason is Reason.HORIZON:
            policy = replace(policy, horizon=offer.start - self.now)
        elif reason is Reason.PLAN:
            policy = replace(policy, room_in_plan=True)
        else:
            policy = replace(policy, room_in_cap=True)
        return replace(self, policy=policy)

    def _without_slot(self, refusal: _Refusal, end: datetime) -> "_Case":
        change: dict[str, Any] = {"blocked": None}
        if refusal.is_short:
            change = {"end": end}
        elif refusal.reason in _UNDONE:
            change = _UNDONE[refusal.reason]
        facts = tuple(
            replace(each, **change) if each.id == refusal.slot else each
            for each in self.facts
        )
        case = replace(self, facts=facts)
        if refusal.reason is Reason.TAKEN:
            return case._without_busy(self.taken.get(refusal.slot))
        return case

    def _without_busy(self, busy: Interval | None) -> "_Case":
        left = tuple(each for each in self.busy if each != busy)
        return replace(self, busy=left)


# What makes a slot give no such reason any more; the others come of a block.
_UNDONE: dict[Reason, dict[str, Any]] = {
    Reason.TAKEN: {"taken": False},
    Reason.HELD: {"held_until": None},
    Reason.STAFF_ONLY: {"staff_only": False},
    Reason.NEW_PATIENTS: {"new_patients_only": False},
}


def _gives(slot: SlotFacts[object], reason: Reason) -> bool:
    """Whether the slot alone would be refused for this reason."""
    if reason in _UNDONE:
        return any(getattr(slot, fact) for fact in _UNDONE[reason])
    return slot.blocked is reason


def _facts(row: Slot, now: datetime) -> SlotFacts[object]:
    """A hold that has run out is none, whatever instant is asked about later."""
    facts = row.facts()
    is_live = facts.held_until is not None and facts.held_until > now
    return facts if is_live else replace(facts, held_until=None)


def _occupied(row: Slot) -> Interval:
    occupied = row.appointment.occupied  # type: ignore[union-attr]
    return occupied.lower, occupied.upper


def _detail(wish: Wish, refusal: _Refusal) -> Detail:
    if refusal.busy:
        return because.of_neighbour(wish, refusal.busy)
    if refusal.slot is not None:
        rows = Slot.objects.select_related("doctor", "appointment__patient")
        row = rows.get(pk=refusal.slot)
        if refusal.is_short:
            return because.of_end(wish, row)
        return because.of_slot(wish, refusal.reason, row)
    return because.of_policy(wish, refusal.reason)
