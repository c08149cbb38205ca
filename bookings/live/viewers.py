"""What a viewer watches, and in which form: those who share both are sent the same text."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from bookings.models import Slot

DayKey = tuple[UUID, date]


@dataclass(frozen=True)
class Window:
    """The times that a viewer watches: of one doctor, or of all.

    `start` and `end` bound what is sent; `first` and `last` are the doctors' days that
    lie in it, wholly or in part.
    """

    doctor: UUID | None
    start: datetime
    end: datetime
    first: date
    last: date

    def covers(self, slot: Slot) -> bool:
        is_of_doctor = self.doctor in (None, slot.doctor_id)
        return is_of_doctor and self.start <= slot.start < self.end

    def has_day(self, key: DayKey) -> bool:
        doctor, day = key
        return self.doctor in (None, doctor) and self.first <= day <= self.last


@dataclass(frozen=True)
class Variant:
    """The form of what is sent."""

    is_json: bool
    language: str = ""


@dataclass(frozen=True, eq=False)  # compared by identity, which is fast: see `group`
class Group:
    """Those who are sent the same text."""

    window: Window
    variant: Variant


@lru_cache(maxsize=4096)
def group(window: Window, variant: Variant) -> Group:
    """Return the one group of such viewers. A forgotten one costs a second rendering."""
    return Group(window, variant)
