"""Publish slots from working hours, block and unblock them.

Publishing is idempotent and incremental. It never touches an occupied slot, never
deletes one, and gives back only what it has itself withdrawn.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from uuid6 import uuid7

from bookings import locking
from bookings.actions import holidays, rules
from bookings.actions.rules import Rules
from bookings.live import events
from bookings.models import Doctor, Practice, Slot, WorkingHours
from bookings.timetable import SlotTime, day_bounds

Wanted = dict[datetime, SlotTime[WorkingHours]]
_BLOCK_FIELDS = [
    "blocked_by",
    "block_note",
    "end",
    "location",
    "staff_only",
    "new_patients_only",
    "version",
    "hold",
    "held_until",
]


@dataclass
class Published:
    """What publishing did, in slots."""

    made: int = 0
    withdrawn: int = 0
    given_back: int = 0
    days: set[tuple[UUID, date]] = field(default_factory=set)

    def __iadd__(self, other: "Published") -> "Published":
        self.made += other.made
        self.withdrawn += other.withdrawn
        self.given_back += other.given_back
        self.days |= other.days
        return self


def publish(
    doctors: Iterable[Doctor] | None = None,
    *,
    days: int | None = None,
    now: datetime | None = None,
) -> Published:
    """Bring the published slots of doctors in line with their hours.

    Args:
        doctors: by default all that take appointments.
        days: how many days ahead, today included; by default the clinic's horizon.
    """
    now = now or locking.clock()
    practice = Practice.load()
    ahead = days if days is not None else practice.horizon_days + 1
    chosen = Doctor.objects.filter(is_active=True) if doctors is None else doctors
    locking.durably(lambda: keep_up_holidays(practice, ahead, now))
    done = Published()
    for doctor in chosen:
        today = now.astimezone(doctor.zone).date()
        last = today + timedelta(days=ahead - 1)
        done += locking.durably(partial(bring_in_line, doctor, today, last, now))
    if done.days:
        events.days_changed(done.days)
    return done


def keep_up_holidays(practice: Practice, ahead: int, now: datetime) -> None:
    """Have the country's holidays as rows before anything is published."""
    today = now.date()
    week = timedelta(days=7)  # doctors' zones, and staff who look further
    last = today + timedelta(days=ahead) + week
    holidays.keep_up(practice, first=today, last=last)


def bring_in_line(doctor: Doctor, first: date, last: date, now: datetime) -> Published:
    """Publish one doctor's slots of some days, in the transaction that runs."""
    since, until = day_bounds(first, doctor.zone)[0], day_bounds(last, doctor.zone)[1]
    since = max(since, now)
    # From the day before: a session may have begun before midnight.
    plan = rules.of(doctor, first - timedelta(days=1), last)
    wanted = {t.start: t for t in plan.slot_times() if since <= t.start < until}
    rows = Slot.objects.select_for_update().filter(doctor=doctor)
    known = list(rows.filter(end__gt=since, start__lt=until).order_by("pk"))
    fitting = _beside_occupied(wanted, known, now)
    done = _make(doctor, fitting, known)
    coming = [slot for slot in known if slot.start >= since]  # others are in the way
    done += _align(plan, fitting, coming, now)
    _mark(plan, wanted, coming)
    locking.bump_days(done.days)
    return done


def block(slot_ids: Collection[UUID], *, note: str = "") -> int:
    """Take free slots out of the calendar; returns how many. Taken ones stay."""
    return _set_block(slot_ids, Slot.BlockedBy.DESK, note)


def unblock(slot_ids: Collection[UUID]) -> int:
    """Put blocked slots back; returns how many."""
    return _set_block(slot_ids, "", "")


def _beside_occupied(wanted: Wanted, known: list[Slot], now: datetime) -> Wanted:
    """Leave out what would lie across a slot that somebody has or holds."""
    in_use = rules.joined((s.start, s.end) for s in known if _is_occupied(s, now))
    ends = [end for _start, end in in_use]
    free: Wanted = {}
    for start, time in wanted.items():
        after = bisect_right(ends, start)  # the first that ends after this start
        if after == len(in_use) or in_use[after][0] >= time.end:
            free[start] = time
    return free


def _is_occupied(slot: Slot, now: datetime) -> bool:
    return slot.status_at(now) in {Slot.Status.BOOKED, Slot.Status.HELD}


def _make(doctor: Doctor, wanted: Wanted, known: list[Slot]) -> Published:
    """Insert what is missing."""
    starts = {slot.start for slot in known}
    new = [
        {
            "id": uuid7(),
            "doctor_id": doctor.pk,
            "start": time.start,
            "day": time.start.astimezone(doctor.zone).date(),
            **_terms(time),
        }
        for time in wanted.values()
        if time.start not in starts
    ]
    # Two publishers at once: the constraint keeps one of each.
    made = Slot.objects.add(new)
    return Published(made=made, days={(doctor.pk, row["day"]) for row in new})


def _align(plan: Rules, wanted: Wanted, known: list[Slot], now: datetime) -> Published:
    """Withdraw free slots that the hours no longer have; undo that where they do again.

    Those that stay take on what their hours say of them now.
    """
    done, touched = Published(), []
    for slot in known:
        time, was_withdrawn = wanted.get(slot.start), bool(slot.blocked_by)
        if _is_occupied(slot, now) or slot.blocked_by == Slot.BlockedBy.DESK:
            continue
        if time and (was_withdrawn or _differs(slot, time)):
            slot.blocked_by = ""
            for name, value in _terms(time).items():
                setattr(slot, name, value)
            done.given_back += was_withdrawn
            touched.append(slot)
        elif not time and not was_withdrawn:
            slot.blocked_by = _why_gone(plan, slot)
            done.withdrawn += 1
            touched.append(slot)
    _save_blocks(touched, now)
    done.days = locking.days_of(touched)
    return done


def _mark(plan: Rules, wanted: Wanted, known: list[Slot]) -> None:
    """Keep up to date why slots are not offered, where nobody sees a difference.

    Of a booked slot it shows when its visit leaves: it is then blocked, not free.
    """
    changed = []
    for slot in known:
        time = wanted.get(slot.start)
        is_ours = slot.blocked_by != Slot.BlockedBy.DESK
        is_hidden = slot.appointment_id or (slot.blocked_by and not time)
        has_place = time and time.end == slot.end
        blocked_by = "" if has_place else _why_gone(plan, slot)
        if is_ours and is_hidden and slot.blocked_by != blocked_by:
            slot.blocked_by = blocked_by
            changed.append(slot)
    Slot.objects.write(changed, ["blocked_by"])


def _why_gone(plan: Rules, slot: Slot) -> Slot.BlockedBy:
    is_closed = plan.closure_at(slot.start, slot.end) is not None
    return Slot.BlockedBy.TIME_OFF if is_closed else Slot.BlockedBy.HOURS


def _terms(time: SlotTime[WorkingHours]) -> dict[str, Any]:
    """What a slot takes over from its hours."""
    return {
        "end": time.end,
        "location_id": time.key.location_id,
        "staff_only": time.key.staff_only,
        "new_patients_only": time.key.new_patients_only,
    }


def _differs(slot: Slot, time: SlotTime[WorkingHours]) -> bool:
    return any(getattr(slot, name) != value for name, value in _terms(time).items())


def _set_block(slot_ids: Collection[UUID], blocked_by: str, note: str) -> int:
    def work() -> tuple[list[Slot], datetime]:
        slots = locking.lock_slots(slot_ids)
        locking.bump_days(locking.days_of(slots))
        moment = locking.clock()
        free = [
            slot
            for slot in slots
            if slot.appointment_id is None and bool(slot.blocked_by) != bool(blocked_by)
        ]
        for slot in free:
            slot.blocked_by, slot.block_note = blocked_by, note
        _save_blocks(free, moment)
        return free, moment

    changed, moment = locking.durably(work)
    events.slots_changed(changed, moment)
    return len(changed)


def _save_blocks(slots: list[Slot], now: datetime) -> None:
    """Write blocks; a hold on a slot that is taken out ends with it."""
    for slot in slots:
        slot.version = slot.version_at(now) + 1
        slot.hold, slot.held_until = None, None
    Slot.objects.write(slots, _BLOCK_FIELDS)
