"""Working hours → slot times. Pure: no ORM, no clock, no settings.

Hours are wall-clock times of an IANA zone: a doctor is in when the clock on the wall
shows a time within the hours. That settles the two odd days of a year:

- Times that the clock skips in spring are not made. A slot that runs into the gap keeps
  its length in real minutes, and is dropped if that takes it past closing time.
- Times that the clock shows twice in autumn are made twice, and shown with their offset;
  where the second would overlap the first (slots longer than the repeated hour), once.

Weekdays are ISO minus one: Monday is 0 (as `date.weekday()`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

Key = TypeVar("Key")
Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Hours(Generic[Key]):
    """One block of a week: from `opens` to `closes`, which may be after midnight."""

    key: Key
    weekday: int
    opens: time
    closes: time
    slot_minutes: int
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )


@dataclass(frozen=True)
class SlotTime(Generic[Key]):
    """A time to publish: instants in UTC, and the hours it comes from."""

    start: datetime
    end: datetime
    key: Key


def slot_times(
    hours: Iterable[Hours[Key]],
    *,
    zone: ZoneInfo,
    first: date,
    last: date,
    closed: Iterable[Interval] = (),
) -> Iterator[SlotTime[Key]]:
    """Lay out the slots of the days `first` to `last`, both included, in order.

    Where two blocks overlap, a slot that begins while another one lasts is left out.

    Args:
        closed: instants `[start, end)` of time off; a slot touching one is left out.
    """
    closed = sorted(closed)
    free_from = datetime.min.replace(tzinfo=UTC)
    for slot in sorted(_laid_out(hours, zone, first, last), key=_by_time):
        is_closed = any(s < slot.end and slot.start < e for s, e in closed)
        if slot.start >= free_from and not is_closed:
            free_from = slot.end
            yield slot


def _by_time(slot: SlotTime[Key]) -> Interval:
    return slot.start, slot.end


def _laid_out(
    hours: Iterable[Hours[Key]], zone: ZoneInfo, first: date, last: date
) -> Iterator[SlotTime[Key]]:
    blocks = list(hours)
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        for block in blocks:
            if block.holds_on(day):
                for start, end in _wall_slots(block, day, zone):
                    yield SlotTime(start, end, block.key)


def block_bounds(
    hours: Iterable[Hours[Key]], *, zone: ZoneInfo, first: date, last: date
) -> Iterator[Interval]:
    """The instants from opening to closing of each block that begins on these days."""
    blocks = list(hours)
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        for block in blocks:
            if block.holds_on(day):
                opening, closing = _wall_bounds(block, day)
                # Where the clock jumps, the wider reading: no slot lies outside of it.
                yield min(_readings(opening, zone)), max(_readings(closing, zone))


def _wall_bounds(block: Hours[Key], day: date) -> Interval:
    opening = datetime.combine(day, block.opens)
    closing = datetime.combine(day, block.closes)
    if closing <= opening:  # across midnight; 00:00 means the end of the day
        closing += timedelta(days=1)
    return opening, closing


def _wall_slots(block: Hours[Key], day: date, zone: ZoneInfo) -> Iterator[Interval]:
    length = timedelta(minutes=block.slot_minutes)
    opening, closing = _wall_bounds(block, day)
    steps = (closing - opening) // length
    starts = {i for n in range(steps) for i in instants(opening + n * length, zone)}
    free_from = datetime.min.replace(tzinfo=UTC)
    for start in sorted(starts):
        end = start + length
        if start >= free_from and wall_time(end, zone) <= closing:
            free_from = end
            yield start, end


def instants(wall: datetime, zone: ZoneInfo) -> set[datetime]:
    """Return the instants (UTC) at which the clock shows `wall`: none, one or two."""
    readings = _readings(wall, zone)
    return {instant for instant in readings if wall_time(instant, zone) == wall}


def _readings(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """What a wall time may mean; a skipped one is read with either offset."""
    return [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


def wall_time(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows, without zone or fold."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def day_bounds(day: date, zone: ZoneInfo) -> Interval:
    """Return the instants at which a calendar day starts and ends in a zone.

    Where midnight is skipped, the day starts with the jump.
    """
    starts = (
        datetime.combine(each, time(), tzinfo=zone).astimezone(UTC)
        for each in (day, day + timedelta(days=1))
    )
    return next(starts), next(starts)
