"""Publish slots from working hours, block and unblock them.

Publishing is idempotent and incremental. It never touches an occupied slot, never
deletes one, and gives back only what it has itself withdrawn.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from bookings import locking
from bookings.live import events
from bookings.models import Doctor, Practice, Slot, TimeOff, WorkingHours
from bookings.timetable import Hours, Interval, SlotTime, day_bounds, slot_times

Wanted = dict[datetime, SlotTime[WorkingHours]]


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
    ahead = days if days is not None else Practice.load().horizon_days + 1
    chosen = Doctor.objects.filter(is_active=True) if doctors is None else doctors
    done = Published()
    for doctor in chosen:
        today = now.astimezone(doctor.zone).date()
        last = today + timedelta(days=ahead - 1)
        done += _publish_doctor(doctor, today, last, now)
    if done.days:
        events.days_changed(done.days)
    return done


def block(slot_ids: Collection[UUID], *, note: str = "") -> int:
    """Take free slots out of the calendar; returns how many. Taken ones stay."""
    return _set_block(slot_ids, Slot.BlockedBy.DESK, note)


def unblock(slot_ids: Collection[UUID]) -> int:
    """Put blocked slots back; returns how many."""
    return _set_block(slot_ids, "", "")


def _publish_doctor(
    doctor: Doctor, first: date, last: date, now: datetime
) -> Published:
    wanted = {
        time.start: time for time in _wanted(doctor, first, last) if time.start > now
    }

    def work() -> Published:
        rows = Slot.objects.select_for_update().filter(doctor=doctor, end__gt=now)
        known = list(rows.filter(day__gte=first, day__lte=last).order_by("pk"))
        fitting = _beside_occupied(wanted, known, now)
        done = _make(doctor, fitting, known)
        done += _withdraw_and_give_back(fitting, known, now)
        locking.bump_days(done.days)
        return done

    return locking.durably(work)


def _wanted(doctor: Doctor, first: date, last: date) -> list[SlotTime[WorkingHours]]:
    hours = [
        Hours(
            key=row,
            weekday=row.weekday,
            opens=row.opens,
            closes=row.closes,
            slot_minutes=row.slot_minutes,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in WorkingHours.objects.filter(doctor=doctor).order_by("opens")
    ]
    closed = _closed(doctor, first, last)
    times = slot_times(hours, zone=doctor.zone, first=first, last=last, closed=closed)
    return list(times)


def _closed(doctor: Doctor, first: date, last: date) -> list[Interval]:
    start, end = day_bounds(first, doctor.zone)[0], day_bounds(last, doctor.zone)[1]
    rows = TimeOff.objects.filter(Q(doctor=doctor) | Q(doctor=None))
    near = rows.filter(start__lt=end + timedelta(days=1), end__gt=start)
    return list(near.values_list("start", "end"))


def _beside_occupied(wanted: Wanted, known: list[Slot], now: datetime) -> Wanted:
    """Leave out what would lie across a slot that somebody has or holds."""
    in_use = [(slot.start, slot.end) for slot in known if _is_occupied(slot, now)]
    return {
        start: time
        for start, time in wanted.items()
        if not any(s < time.end and start < e for s, e in in_use)
    }


def _is_occupied(slot: Slot, now: datetime) -> bool:
    return slot.status_at(now) in {Slot.Status.BOOKED, Slot.Status.HELD}


def _make(doctor: Doctor, wanted: Wanted, known: list[Slot]) -> Published:
    """Insert what is missing."""
    starts = {slot.start for slot in known}
    new = [
        Slot(
            doctor=doctor,
            location_id=time.key.location_id,
            start=time.start,
            end=time.end,
            day=time.start.astimezone(doctor.zone).date(),
            staff_only=time.key.staff_only,
        )
        for time in wanted.values()
        if time.start not in starts
    ]
    # Two publishers at once: the constraint keeps one of each.
    Slot.objects.bulk_create(new, ignore_conflicts=True, batch_size=2000)
    return Published(made=len(new), days=locking.days_of(new))


def _withdraw_and_give_back(
    wanted: Wanted, known: list[Slot], now: datetime
) -> Published:
    """Block free slots that the hours no longer have; undo that where they do again."""
    gone, back = [], []
    for slot in known:
        time = wanted.get(slot.start)
        is_wanted = time is not None and time.end == slot.end
        if _is_occupied(slot, now):
            continue
        if not is_wanted and not slot.blocked_by:
            slot.blocked_by = Slot.BlockedBy.RULES
            gone.append(slot)
        elif time and slot.blocked_by == Slot.BlockedBy.RULES:
            slot.blocked_by, slot.end = "", time.end
            slot.staff_only = time.key.staff_only
            back.append(slot)
    _save_blocks(gone + back, now)
    return Published(
        withdrawn=len(gone), given_back=len(back), days=locking.days_of(gone + back)
    )


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
    fields = [
        "blocked_by",
        "block_note",
        "end",
        "staff_only",
        "version",
        "hold",
        "held_until",
    ]
    Slot.objects.bulk_update(slots, fields, batch_size=500)
