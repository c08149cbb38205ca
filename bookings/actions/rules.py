"""What the rules say of a doctor's time: working hours, time off and holidays, read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from bookings.models import Doctor, Holiday, TimeOff, WorkingHours
from bookings.timetable import (
    Hours,
    Interval,
    SlotTime,
    block_bounds,
    day_bounds,
    slot_times,
)

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Closure:
    """Instants `[start, end)` at which a doctor sees nobody, and the row that says so."""

    start: datetime
    end: datetime
    because: TimeOff | Holiday


@dataclass(frozen=True)
class Rules:
    """A doctor's rules for the days `first` to `last`, both included."""

    doctor: Doctor
    first: date
    last: date
    hours: list[Hours[WorkingHours]]
    closures: list[Closure]

    def slot_times(self) -> Iterator[SlotTime[WorkingHours]]:
        """The times to publish."""
        return slot_times(
            self.hours,
            zone=self.doctor.zone,
            first=self.first,
            last=self.last,
            closed=[(each.start, each.end) for each in self.closures],
        )

    def open_times(self) -> list[Interval]:
        """When the doctor is in, before closures; blocks that meet are one."""
        blocks = block_bounds(
            self.hours, zone=self.doctor.zone, first=self.first, last=self.last
        )
        return joined(blocks)

    def closure_at(self, start: datetime, end: datetime) -> Closure | None:
        """The first closure that touches `[start, end)`."""
        touching = (c for c in self.closures if c.start < end and start < c.end)
        return next(touching, None)


def of(doctor: Doctor, first: date, last: date) -> Rules:
    """Read the rules of a doctor for some days of the doctor's calendar."""
    rows = WorkingHours.objects.filter(doctor=doctor).select_related("location")
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
        for row in rows.order_by("opens")
    ]
    return Rules(doctor, first, last, hours, _closures(doctor, first, last))


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """Sort intervals and make one of those that overlap or meet."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _closures(doctor: Doctor, first: date, last: date) -> list[Closure]:
    # A session may reach into the day after, or have begun the day before.
    start, end = day_bounds(first, doctor.zone)[0], day_bounds(last, doctor.zone)[1]
    whose = Q(doctor=doctor) | Q(doctor=None)
    time_off = TimeOff.objects.filter(whose, start__lt=end + _DAY, end__gt=start - _DAY)
    days = Holiday.objects.filter(
        day__gte=first - _DAY, day__lte=last + _DAY, is_open=False
    )
    found = [Closure(row.start, row.end, row) for row in time_off]
    found += [Closure(*day_bounds(row.day, doctor.zone), row) for row in days]
    return sorted(found, key=lambda closure: closure.start)
