"""Every zone of the time zone database, three years ahead: 09:00 stays 09:00."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from bookings.timetable import Hours, slot_times, wall_time

FIRST = date(2026, 1, 1)
DAYS = 3 * 365
ZONES = sorted(available_timezones() - {"localtime"})


def changes(zone: ZoneInfo) -> Iterator[date]:
    """The days on which the zone's clock is set."""
    midnights = [
        datetime.combine(FIRST + timedelta(days=n), time(), tzinfo=zone)
        for n in range(DAYS)
    ]
    for today, tomorrow in pairwise(midnights):
        if today.utcoffset() != tomorrow.utcoffset():
            yield today.date()


def day_of_slots(
    day: date, zone: ZoneInfo, opens: time, closes: time
) -> list[datetime]:
    hours = Hours("h", day.weekday(), opens, closes, 20)
    found = list(slot_times([hours], zone=zone, first=day, last=day))
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(slot.end - slot.start == timedelta(minutes=20) for slot in found)
    return [wall_time(slot.start, zone) for slot in found]


def test_nine_stays_nine_on_and_around_every_change_of_every_zone() -> None:
    seen = 0
    for name in ZONES:
        zone = ZoneInfo(name)
        for changed in changes(zone):
            seen += 1
            for day in (changed + timedelta(days=n) for n in (-1, 0, 1)):
                walls = day_of_slots(day, zone, time(9), time(10))
                assert [f"{w:%H:%M}" for w in walls] == ["09:00", "09:20", "09:40"]
    assert seen > 1000  # the test would pass on a database without changes


def test_a_whole_day_around_every_change_is_as_long_as_that_day() -> None:
    for name in ZONES:
        zone = ZoneInfo(name)
        for day in changes(zone):
            walls = day_of_slots(day, zone, time(0), time(0))
            skipped_or_repeated = 24 * 3 - len(walls)
            # An hour, half an hour (Lord Howe), two or three (Antarctica).
            assert abs(skipped_or_repeated) <= 10, (name, day)
            assert len(walls) != 24 * 3, (name, day)
