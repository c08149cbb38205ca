"""Composed reads: a doctor's day, the week's strip, the next free day, alternatives.

All say what can be had by asking `bookings.availability`, the same calculator that
booking asks.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Sum
from django.utils.formats import time_format
from django.utils.translation import gettext_lazy as _

from bookings.actions import claims, limits
from bookings.actions.claims import AROUND
from bookings.availability import Interval, Offer, Reason, offers
from bookings.models import Doctor, DoctorDay, Practice, Service, Slot
from bookings.timetable import day_bounds

_SHORTLY = {
    Reason.NOTICE: _("Too soon"),
    Reason.HORIZON: _("Not yet open"),
    Reason.OUTSIDE_HOURS: _("Too short"),
    Reason.TAKEN: _("Too short"),
    Reason.HELD: _("Too short"),
    Reason.BLOCKED: _("Too short"),
    Reason.BUFFER: _("Too short"),
    Reason.STAFF_ONLY: _("By phone"),
    Reason.SERVICE: _("Not offered"),
    Reason.PLAN: _("By phone"),
}


def clock_time(local: datetime) -> str:
    """Write the time of day of a local datetime; with its offset if shown twice."""
    text = time_format(local.time(), "TIME_FORMAT")
    twin = local.replace(fold=1 - local.fold)
    return f"{text} {local:%Z}" if twin.utcoffset() != local.utcoffset() else text


@dataclass(frozen=True)
class SlotView:
    """One time as a viewer sees it: ready for `_slot.html` and for JSON."""

    slot: Slot
    offer: Offer[object]
    zone: ZoneInfo
    now: datetime

    @property
    def id(self) -> UUID:
        return self.slot.pk

    @property
    def status(self) -> str:
        return self.slot.status_at(self.now)

    @property
    def version(self) -> int:
        return self.slot.version_at(self.now)

    @cached_property
    def start(self) -> datetime:
        """The start on the doctor's clock."""
        return self.slot.start.astimezone(self.zone)

    @property
    def can_start(self) -> bool:
        """Whether the service that was asked for can start here."""
        return self.offer.is_free

    @property
    def reason(self) -> Reason | None:
        return self.offer.reason

    @property
    def is_past(self) -> bool:
        return self.slot.start <= self.now

    @property
    def clock(self) -> str:
        """The start as the wall shows it, in the language's way: 14:20 or 2:20 PM."""
        return clock_time(self.start)

    @property
    def why_not(self) -> str:
        """One word for why nothing can start at this free time."""
        return str(_SHORTLY.get(self.reason, "")) if self.reason else ""


@dataclass(frozen=True)
class DayCount:
    """One day of the week's strip."""

    day: date
    free: int
    has_slots: bool


def day(
    doctor: Doctor,
    on: date,
    *,
    service: Service,
    now: datetime,
    as_staff: bool = False,
    is_move: bool = False,
) -> list[SlotView]:
    """Every slot of a day in the doctor's zone, blocked ones left out, by start."""
    start, end = day_bounds(on, doctor.zone)
    views = between(
        doctor, start, end, service=service, now=now, as_staff=as_staff, is_move=is_move
    )
    return [view for view in views if not view.slot.is_out]


def between(
    doctor: Doctor,
    start: datetime,
    end: datetime,
    *,
    service: Service,
    now: datetime,
    my_hold: UUID | None = None,
    as_staff: bool = False,
    is_move: bool = False,
) -> list[SlotView]:
    """Every slot of a doctor that starts in `[start, end)`, each with its offer."""
    near = Slot.objects.filter(doctor=doctor, start__gte=start, start__lt=end + AROUND)
    rows = near.order_by("start").quickly()
    if not rows:
        return []
    busy = claims.busy_times(doctor, rows[0].start - AROUND, rows[-1].end + AROUND)
    judged = judge(
        doctor,
        rows,
        service,
        now,
        practice=Practice.load(),
        busy=busy,
        my_hold=my_hold,
        as_staff=as_staff,
        is_move=is_move,
    )
    return [view for view in judged if view.slot.start < end]


def starts(
    doctors: Sequence[Doctor],
    start: datetime,
    end: datetime,
    *,
    service: Service,
    now: datetime,
) -> list[SlotView]:
    """Every time in `[start, end)` at which one of the doctors can start the service.

    By start and id; asks as many queries for many doctors as for one.
    """
    rows: dict[UUID, list[Slot]] = defaultdict(list)
    near = Slot.objects.filter(start__gte=start, start__lt=end + AROUND)
    for row in near.filter(doctor__in=doctors).order_by("start"):
        rows[row.doctor_id].append(row)
    busy = claims.busy_times_of(doctors, start - AROUND, end + 2 * AROUND)
    practice = Practice.load()
    free = [
        view
        for each in doctors
        for view in judge(
            each, rows[each.pk], service, now, practice=practice, busy=busy[each.pk]
        )
        if view.can_start and view.slot.start < end
    ]
    return sorted(free, key=lambda view: (view.slot.start, view.id))


def week(
    doctor: Doctor,
    first: date,
    *,
    service: Service,
    now: datetime,
    days: int = 7,
    is_move: bool = False,
) -> list[DayCount]:
    """Count, for each of some days, the starts at which the service can be had."""
    start = day_bounds(first, doctor.zone)[0]
    end = day_bounds(first + timedelta(days=days - 1), doctor.zone)[1]
    free: dict[date, int] = defaultdict(int)
    seen: set[date] = set()
    views = between(doctor, start, end, service=service, now=now, is_move=is_move)
    for view in views:
        if not view.slot.is_out:
            seen.add(view.start.date())
            free[view.start.date()] += view.can_start
    dates = (first + timedelta(days=n) for n in range(days))
    return [DayCount(each, free[each], each in seen) for each in dates]


def next_free_day(
    doctor: Doctor,
    after: date,
    *,
    service: Service,
    now: datetime,
    days: int = 60,
    is_move: bool = False,
) -> date | None:
    """The first day after `after` on which the service can be had."""
    first = after + timedelta(days=1)
    counts = week(doctor, first, service=service, now=now, days=days, is_move=is_move)
    return next((each.day for each in counts if each.free), None)


def alternatives(
    slot: Slot,
    *,
    service: Service,
    now: datetime,
    count: int = 3,
    is_move: bool = False,
) -> list[SlotView]:
    """The free starts of the same doctor that are nearest to a slot, in order."""
    free: list[SlotView] = []
    for reach in (timedelta(days=1), timedelta(days=7)):
        first, last = slot.start - reach, slot.start + reach
        views = between(
            slot.doctor, first, last, service=service, now=now, is_move=is_move
        )
        free = [view for view in views if view.can_start and view.id != slot.pk]
        if len(free) >= count:  # whatever lies further away is not nearer
            break
    free.sort(key=lambda view: abs(view.slot.start - slot.start))
    return sorted(free[:count], key=lambda view: view.slot.start)


def view_of(slot: Slot, now: datetime) -> SlotView:
    """One slot as everybody sees it, judged for the doctor's default service."""
    start, service = slot.start, slot.doctor.default_service
    end = start + timedelta(seconds=1)
    return between(slot.doctor, start, end, service=service, now=now)[0]


def revisions(
    doctors: Iterable[UUID], first: date, last: date
) -> dict[tuple[UUID, date], int]:
    """The revision of each doctor-day that ever changed: for ETags and heartbeats."""
    rows = DoctorDay.objects.filter(
        doctor__in=list(doctors), day__gte=first, day__lte=last
    )
    return {(row.doctor_id, row.day): row.revision for row in rows}


def revision_of_all(first: date, last: date) -> int:
    """The sum of all doctors' revisions: it grows with whatever changes on these days."""
    # By their ids: days are found by doctor and day.
    doctors = list(Doctor.objects.values_list("pk", flat=True))
    days = DoctorDay.objects.filter(doctor__in=doctors, day__range=(first, last))
    return int(days.aggregate(sum=Sum("revision"))["sum"] or 0)


def booked(slot: Slot, zone: ZoneInfo, now: datetime) -> SlotView:
    """Return a booked time as a viewer sees it: there is nothing to judge."""
    offer = Offer[object](slot.start, slot.end, reason=Reason.TAKEN)
    return SlotView(slot, offer, zone, now)


def judge(
    doctor: Doctor,
    rows: list[Slot],
    service: Service,
    now: datetime,
    *,
    practice: Practice,
    busy: Iterable[Interval],
    my_hold: UUID | None = None,
    as_staff: bool = False,
    is_move: bool = False,
) -> list[SlotView]:
    """Judge slots that were read already (sorted by start): asks no query.

    Args:
        busy: what the doctor's appointments occupy around these slots.
        is_move: for a visit that is booked already: it needs no room in the plan.
    """
    facts = [row.facts(my_hold=my_hold) for row in rows]
    judged = offers(
        facts,
        visit=claims.visit_of(service, doctor),
        policy=claims.policy_of(
            practice,
            service,
            as_staff=as_staff,
            room_in_plan=is_move or limits.has_room(now),
        ),
        busy=busy,
        now=now,
    )
    return [
        SlotView(row, offer, doctor.zone, now)
        for row, offer in zip(rows, judged, strict=True)
    ]
