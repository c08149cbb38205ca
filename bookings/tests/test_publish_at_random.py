"""Publishing after any change of the rules: a fixed point, and nobody loses a time.

What should be there is said again here, minute by minute, without the product's code.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.actions import appointments, holds, slots
from bookings.errors import BookingError
from bookings.models import Appointment, Doctor, Holiday, Slot, TimeOff, WorkingHours
from bookings.tests import make
from bookings.tests.test_offers import undone

NOW = datetime(2026, 6, 1, 5, tzinfo=UTC)  # a Monday, 06:00 in London
DAYS = 9
_QUARTER = timedelta(minutes=15)

blocks = st.fixed_dictionaries(
    {
        "weekday": st.integers(0, 6),
        "opens": st.sampled_from([time(9), time(9, 30), time(14), time(22)]),
        "closes": st.sampled_from([time(12), time(17), time(0), time(2)]),
        "slot_minutes": st.sampled_from([30, 45, 60, 90]),
    }
)
weeks = st.lists(blocks, max_size=4)
hours_from_now = st.integers(3, DAYS * 24)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("hours"), weeks),
        st.tuples(st.just("off"), st.tuples(hours_from_now, st.integers(1, 30))),
        st.tuples(st.just("back"), st.none()),
        st.tuples(st.just("holiday"), st.integers(0, DAYS)),
        st.tuples(st.just("book"), st.integers(0, 40)),
        st.tuples(st.just("hold"), st.integers(0, 40)),
        st.tuples(st.just("block"), st.integers(0, 40)),
    ),
    min_size=1,
    max_size=7,
)


@pytest.mark.usefixtures("clinic")
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(week=weeks, steps=steps)
def test_publishing_ends_where_it_should_and_takes_nothing_from_anybody(
    week: list[dict[str, Any]], steps: list[tuple[str, Any]]
) -> None:
    with undone():
        make.practice(horizon_days=DAYS, notice_minutes=0)
        doctor = make.doctor()
        _set_hours(doctor, week)
        _publish()
        for kind, what in steps:
            _STEPS[kind](doctor, what)
            had = _occupied(doctor)
            _publish()
            assert _occupied(doctor) == had
            _check_offered(doctor)
            assert _publish() == (0, 0, 0)


def _publish() -> tuple[int, int, int]:
    done = slots.publish(now=NOW)
    return done.made, done.withdrawn, done.given_back


def _set_hours(doctor: Doctor, week: list[dict[str, Any]]) -> None:
    WorkingHours.objects.filter(doctor=doctor).delete()
    for n, block in enumerate(week):
        # One block a weekday: two that overlap are two opinions about one time.
        make.hours(doctor, **block | {"weekday": (block["weekday"] + n) % 7})


def _take_off(doctor: Doctor, what: tuple[int, int]) -> None:
    start = NOW + timedelta(hours=what[0])
    end = start + timedelta(hours=what[1])
    TimeOff.objects.create(doctor=doctor, start=start, end=end)


def _close(_doctor: Doctor, offset: int) -> None:
    day = NOW.date() + timedelta(days=offset)
    Holiday.objects.get_or_create(day=day, defaults={"name": "Fair"})


def _book(doctor: Doctor, n: int) -> None:
    if slot := _nth(doctor, n):
        try:
            appointments.book(
                slot_id=slot.pk,
                patient=make.new_patient(),
                by=None,
                via=Appointment.Via.DESK,
                as_staff=True,
                now=NOW,
            )
        except BookingError:
            pass  # not a time that can be had


def _hold(doctor: Doctor, n: int) -> None:
    if slot := _nth(doctor, n):
        try:
            holds.place(slot_id=slot.pk, holder=f"browser {n}", as_staff=True, now=NOW)
        except BookingError:
            pass


def _block(doctor: Doctor, n: int) -> None:
    if slot := _nth(doctor, n):
        slots.block([slot.pk])


_STEPS: dict[str, Any] = {
    "hours": _set_hours,
    "off": _take_off,
    "back": lambda doctor, _: TimeOff.objects.all().delete(),
    "holiday": _close,
    "book": _book,
    "hold": _hold,
    "block": _block,
}


def _nth(doctor: Doctor, n: int) -> Slot | None:
    free = Slot.objects.filter(doctor=doctor).with_status("free", NOW)
    rows = list(free.order_by("start"))
    return rows[n % len(rows)] if rows else None


def _occupied(doctor: Doctor) -> list[tuple[Any, ...]]:
    rows = Slot.objects.filter(doctor=doctor).order_by("start")
    return [
        (row.pk, row.start, row.end, row.appointment_id, row.hold_id, row.version)
        for row in rows
        if row.status_at(NOW) in {"booked", "held"}
    ]


def _check_offered(doctor: Doctor) -> None:
    rows = [
        row
        for row in Slot.objects.filter(doctor=doctor).order_by("start")
        if not row.is_out
    ]
    assert all(a.end <= b.start for a, b in pairwise(rows)), "offered twice"
    is_in = _opening(doctor)
    for row in rows:
        if row.status_at(NOW) == "free":
            quarters = int((row.end - row.start) / _QUARTER)
            assert all(is_in(row.start + n * _QUARTER) for n in range(quarters)), row


def _opening(doctor: Doctor) -> Callable[[datetime], bool]:
    """Say of any instant whether the rules have the doctor in (no rule is finer)."""
    closed = set(Holiday.objects.filter(is_open=False).values_list("day", flat=True))
    time_off = list(TimeOff.objects.values_list("start", "end"))
    week = list(WorkingHours.objects.all())

    def is_in(moment: datetime) -> bool:
        wall = moment.astimezone(doctor.zone)
        is_away = any(start <= moment < end for start, end in time_off)
        is_closed = wall.date() in closed or is_away
        return not is_closed and any(_covers(hours, wall) for hours in week)

    return is_in


def _covers(hours: WorkingHours, wall: datetime) -> bool:
    clock, weekday = wall.time(), wall.weekday()
    is_over_midnight = hours.closes <= hours.opens
    if weekday == hours.weekday and clock >= hours.opens:
        return is_over_midnight or clock < hours.closes
    is_day_after = weekday == (hours.weekday + 1) % 7
    return is_over_midnight and is_day_after and clock < hours.closes
