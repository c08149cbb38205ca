"""Working hours become slots: ordinary weeks, odd days, midnight."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bookings.timetable import Hours, day_bounds, instants, slot_times

LONDON = ZoneInfo("Europe/London")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
SPRING = date(2027, 3, 28)  # in Europe 01:00 UTC: the clock skips an hour
AUTUMN = date(2026, 10, 25)  # in Europe 01:00 UTC: the clock repeats an hour


def walls(day, opens, closes, *, minutes=30, zone=LONDON, closed=(), **rules):
    hours = Hours("h", day.weekday(), opens, closes, minutes, **rules)
    found = slot_times([hours], zone=zone, first=day, last=day, closed=closed)
    return [f"{slot.start.astimezone(zone):%H:%M%z}" for slot in found]


def test_an_ordinary_morning():
    assert walls(date(2026, 6, 1), time(9), time(10)) == ["09:00+0100", "09:30+0100"]


def test_a_rest_shorter_than_a_slot_is_left_out():
    assert len(walls(date(2026, 6, 1), time(9), time(10, 20), minutes=30)) == 2


@pytest.mark.parametrize("day", [SPRING, AUTUMN, SPRING - timedelta(days=1)])
def test_nine_o_clock_stays_nine_o_clock_around_a_change(day):
    assert walls(day, time(9), time(10))[0].startswith("09:00")


def test_the_skipped_hour_has_no_slots_and_the_rest_of_the_night_has_all():
    assert walls(SPRING, time(0), time(3)) == [
        "00:00+0000",
        "00:30+0000",
        "02:00+0100",
        "02:30+0100",
    ]


def test_the_repeated_hour_is_offered_twice_with_its_offset():
    assert walls(AUTUMN, time(0, 30), time(2, 30)) == [
        "00:30+0100",
        "01:00+0100",
        "01:30+0100",
        "01:00+0000",
        "01:30+0000",
        "02:00+0000",
    ]


def test_slots_longer_than_the_repeated_time_never_overlap():
    hours = Hours("h", AUTUMN.weekday(), time(0), time(6), 90)
    found = list(slot_times([hours], zone=LONDON, first=AUTUMN, last=AUTUMN))
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(slot.end - slot.start == timedelta(minutes=90) for slot in found)


def test_half_an_hour_of_change_works_too():
    day = date(2027, 4, 4)  # Lord Howe repeats 01:30 to 02:00
    assert len(walls(day, time(1), time(2), zone=LORD_HOWE, minutes=15)) == 6


def test_a_slot_that_would_run_past_closing_through_the_gap_is_dropped():
    # 00:45 + 30 minutes is 02:15 on the clock of that night.
    assert walls(SPRING, time(0, 45), time(1, 15)) == []


def test_a_shift_across_midnight_loses_nothing():
    day = date(2026, 6, 1)
    assert walls(day, time(22), time(2), minutes=60) == [
        "22:00+0100",
        "23:00+0100",
        "00:00+0100",
        "01:00+0100",
    ]
    assert walls(day, time(23), time(0), minutes=15)[-1] == "23:45+0100"


def test_weekdays_are_not_off_by_one():
    monday = date(2026, 6, 1)
    hours = Hours("h", 0, time(9), time(10), 60)
    found = slot_times(
        [hours], zone=BERLIN, first=monday, last=monday + timedelta(days=13)
    )
    assert [slot.start.date() for slot in found] == [
        monday,
        monday + timedelta(days=7),
    ]


def test_hours_hold_only_between_their_dates():
    day = date(2026, 6, 1)
    later, earlier = day + timedelta(days=1), day - timedelta(days=1)
    assert walls(day, time(9), time(10), valid_from=later) == []
    assert walls(day, time(9), time(10), valid_to=earlier) == []
    assert walls(day, time(9), time(10), valid_from=day, valid_to=day)


def test_time_off_inside_a_slot_takes_the_whole_slot():
    off = datetime(2026, 6, 1, 8, 40, tzinfo=UTC)  # 09:40 in London
    closed = [(off, off + timedelta(minutes=5))]
    assert walls(date(2026, 6, 1), time(9), time(10, 30), closed=closed) == [
        "09:00+0100",
        "10:00+0100",
    ]


def test_time_off_that_ends_when_a_slot_starts_leaves_it():
    start = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    closed = [(start - timedelta(hours=1), start)]
    assert len(walls(date(2026, 6, 1), time(9), time(10), closed=closed)) == 2


def test_a_day_has_23_24_or_25_hours():
    lengths = [end - start for start, end in (day_bounds(d, LONDON) for d in _days())]
    assert lengths == [timedelta(hours=23), timedelta(hours=24), timedelta(hours=25)]


def _days():
    return SPRING, SPRING + timedelta(days=1), AUTUMN


def test_a_skipped_midnight_starts_the_day_with_the_jump():
    cairo = ZoneInfo("Africa/Cairo")
    start, end = day_bounds(date(2026, 4, 24), cairo)
    assert f"{start.astimezone(cairo):%d %H:%M}" == "24 01:00"
    assert end - start == timedelta(hours=23)


def test_a_wall_time_is_shown_never_once_or_twice():
    assert not instants(datetime(2027, 3, 28, 1, 30), LONDON)  # noqa: DTZ001
    assert len(instants(datetime(2026, 6, 1, 9), LONDON)) == 1  # noqa: DTZ001
    assert len(instants(datetime(2026, 10, 25, 1, 30), LONDON)) == 2  # noqa: DTZ001
