"""The soonest times of many doctors at once, in as many queries as for one."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bookings import agenda
from bookings.actions import claims
from bookings.agenda import SlotView
from bookings.availability import Interval
from bookings.models import Doctor, Practice, Service, Slot
from bookings.timetable import day_bounds

_REST = timedelta(hours=30)  # zones, buffers, and visits that reach past a day
_DAY = timedelta(days=1)
_UTC = ZoneInfo("UTC")
# Days that are looked at together: most doctors have something in the first, and further
# is looked only for the rest.
_STRETCHES = (1, 3)

Suits = Callable[[SlotView], bool]


@dataclass(frozen=True)
class Soonest:
    """A doctor and the first day on which the service can be had; `day` may be none."""

    doctor: Doctor
    service: Service
    day: date | None
    times: list[SlotView]
    free: int

    @property
    def today(self) -> date:
        return self.times[0].now.astimezone(self.doctor.zone).date()


def soonest(
    wanted: Mapping[Doctor, Service],
    *,
    now: datetime,
    first: date | None = None,
    days: int = 28,
    times: int = 4,
    suits: Suits = lambda view: True,
) -> list[Soonest]:
    """The first day with times for each doctor, soonest first, those without last.

    Args:
        wanted: what is asked for of whom.
        first: not before this day (on each doctor's clock); by default today.
        times: how many times of that day to give.
        suits: which of the times at which the service can start are meant.
    """
    practice = Practice.load()
    found: dict[Doctor, list[SlotView]] = {}
    start = first or min(_today(each, now) for each in wanted) if wanted else now.date()
    for begin, end in _windows(start, days):
        rest = [doctor for doctor in wanted if doctor not in found]
        busy = _busy_times(rest, begin, end)
        rows = _slots_of(rest, begin, end, now)
        for doctor in rest:
            views = agenda.judge(
                doctor,
                rows[doctor.pk],
                wanted[doctor],
                now,
                practice=practice,
                busy=busy[doctor.pk],
            )
            if day := _first_day(views, end, suits):
                found[doctor] = day
        if len(found) == len(wanted):
            break
    all_ = [_answer(each, wanted[each], found.get(each, []), times) for each in wanted]
    never = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(all_, key=lambda one: one.times[0].slot.start if one.times else never)


def _today(doctor: Doctor, now: datetime) -> date:
    return now.astimezone(doctor.zone).date()


def _windows(first: date, days: int) -> Iterable[tuple[date, date]]:
    """Cut the days in stretches, both ends included."""
    last = first + timedelta(days=days - 1)
    for length in (*_STRETCHES, days):
        if first > last:
            return
        until = min(last, first + timedelta(days=length - 1))
        yield first, until
        first = until + timedelta(days=1)


def _slots_of(
    doctors: Sequence[Doctor], first: date, last: date, now: datetime
) -> dict[UUID, list[Slot]]:
    """Slots of some days, and of one more, into which a late visit may reach."""
    grouped: dict[UUID, list[Slot]] = defaultdict(list)
    rows = Slot.objects.filter(
        doctor__in=doctors,
        day__gte=first,
        day__lte=last + timedelta(days=1),
        start__gt=now,
    )
    for row in rows.order_by("start").quickly():
        grouped[row.doctor_id].append(row)
    return grouped


def _busy_times(
    doctors: Sequence[Doctor], first: date, last: date
) -> dict[UUID, list[Interval]]:
    """What appointments occupy around some days, whatever the doctors' zones."""
    start, end = day_bounds(first, _UTC)[0], day_bounds(last, _UTC)[1]
    return claims.busy_times_of(doctors, start - _REST, end + _DAY + _REST)


def _first_day(views: list[SlotView], last: date, suits: Suits) -> list[SlotView]:
    fitting = (view for view in views if view.can_start and suits(view))
    first = next(fitting, None)
    if first is None or first.start.date() > last:
        return []
    day = first.start.date()
    return [first, *(view for view in fitting if view.start.date() == day)]


def _answer(
    doctor: Doctor, service: Service, found: list[SlotView], times: int
) -> Soonest:
    day = found[0].start.date() if found else None
    return Soonest(doctor, service, day, found[:times], len(found))
