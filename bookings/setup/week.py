"""A week of opening hours as people say it: some days, from, until, and one break."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import time_format

from bookings.models import WorkingHours

Span = tuple[time, time]
Block = tuple[int, time, time]  # weekday (Monday is 0), opens, closes

_MIDNIGHT = time(0)


@dataclass(frozen=True)
class Week:
    """Days that are open, by weekday, and a break that they have in common."""

    days: dict[int, Span]
    pause: Span | None = None

    def blocks(self) -> list[Block]:
        """What to keep as working hours: a day that holds the break is cut in two."""
        found = []
        for weekday, (opens, closes) in sorted(self.days.items()):
            if self.pause and _holds(opens, closes, self.pause):
                found += [
                    (weekday, opens, self.pause[0]),
                    (weekday, self.pause[1], closes),
                ]
            else:
                found.append((weekday, opens, closes))
        return found

    def as_json(self) -> dict[str, Any]:
        days = {str(day): _written(span) for day, span in self.days.items()}
        return {"days": days, "break": _written(self.pause) if self.pause else None}

    @classmethod
    def from_json(cls, kept: dict[str, Any] | None) -> "Week | None":
        """Read what `as_json` gave; nothing, if there is nothing to read."""
        if not kept:
            return None
        days = {int(day): _read(span) for day, span in kept["days"].items()}
        return cls(days, _read(kept["break"]) if kept["break"] else None)

    def __str__(self) -> str:
        return ", ".join(self._runs())

    def _runs(self) -> Iterator[str]:
        """Name days in a row with the same hours once: Mon to Fri 09:00–17:00."""
        days = sorted(self.days)
        while days:
            first = last = days.pop(0)
            while (
                days and days[0] == last + 1 and self.days[days[0]] == self.days[first]
            ):
                last = days.pop(0)
            name = str(WEEKDAYS_ABBR[first])
            if last > first:
                name += f"–{WEEKDAYS_ABBR[last]}"
            yield f"{name} {_told(self.days[first])}"


USUAL = Week(
    {day: (time(9), time(17)) for day in range(5)}, pause=(time(12, 30), time(13, 30))
)


def week_of(rows: Iterable[WorkingHours]) -> Week | None:
    """Read working hours back; none, if a week with one break cannot say them."""
    hours = list(rows)
    if not hours or any(_is_special(row) for row in hours):
        return None
    blocks = sorted((row.weekday, row.opens, row.closes) for row in hours)
    by_day: dict[int, list[Span]] = {}
    for weekday, opens, closes in blocks:
        by_day.setdefault(weekday, []).append((opens, closes))
    days = {day: (spans[0][0], spans[-1][1]) for day, spans in by_day.items()}
    pauses = {(s[0][1], s[1][0]) for s in by_day.values() if len(s) == 2}
    if len(pauses) > 1:
        return None
    week = Week(days, next(iter(pauses), None))
    return week if week.blocks() == blocks else None


def is_after(closes: time, opens: time) -> bool:
    """Whether a day may end at `closes`; midnight is its end."""
    return closes > opens or closes == _MIDNIGHT


def _holds(opens: time, closes: time, pause: Span) -> bool:
    return opens < pause[0] and (pause[1] < closes or closes == _MIDNIGHT)


def _is_special(row: WorkingHours) -> bool:
    return bool(
        row.valid_from or row.valid_to or row.staff_only or row.new_patients_only
    )


def _written(span: Span) -> list[str]:
    return [f"{each:%H:%M}" for each in span]


def _read(span: list[str]) -> Span:
    return time.fromisoformat(span[0]), time.fromisoformat(span[1])


def _told(span: Span) -> str:
    return "–".join(time_format(each, "TIME_FORMAT") for each in span)
