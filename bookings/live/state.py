"""How a clinic's slots are: what its viewers are told of, read in as few statements as can be.

A change is told to all who watch right after it was committed, and while they wait: so what
was touched is read by one statement of our own, in a quarter of the time that the ORM takes
to word it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bookings import agenda, locking
from bookings.live.viewers import DayKey, Window
from bookings.models import Doctor, Slot
from bookings.models.quickly import partly_known

_COLUMNS = [field.attname for field in Slot._meta.concrete_fields]
# The clock as the statement began: before what it reads, never after.
_TOUCHED = f"""
    SELECT statement_timestamp(), known.revision, doctor.timezone,
        {", ".join(f'slot."{name}"' for name in _COLUMNS)}
    FROM unnest(%s::uuid[], %s::date[]) AS touched (doctor, day)
    JOIN bookings_slot AS slot
        ON slot.doctor_id = touched.doctor AND slot.day = touched.day
    JOIN bookings_doctor AS doctor ON doctor.id = slot.doctor_id
    LEFT JOIN bookings_doctorday AS known
        ON known.doctor_id = touched.doctor AND known.day = touched.day
"""  # noqa: S608 (names of our own columns)


@dataclass
class State:
    """Slots as they are at an instant, and how their days stand.

    Of days that were touched there are only the slots that viewers do not know yet.
    """

    now: datetime
    slots: list[Slot]
    revisions: dict[DayKey, int]
    holds: dict[DayKey, list[datetime]]  # of each day that was read, their ends
    zones: dict[UUID, ZoneInfo]  # of doctors whose days were touched

    def within(self, window: Window) -> list[Slot]:
        return [slot for slot in self.slots if window.covers(slot)]


def read(
    days: Collection[DayKey], windows: Collection[Window], known: Mapping[UUID, int]
) -> State:
    """Read days and windows of the current clinic, and the database's clock.

    Revisions never come after the slots: a change in between is then seen again, never
    missed.

    Args:
        known: slot → version that viewers have; those of days are left out.
    """
    revisions: dict[DayKey, int] = {}
    slots: dict[UUID, Slot] = {}
    holds: dict[DayKey, list[datetime]] = {key: [] for key in days}
    zones: dict[UUID, ZoneInfo] = {}
    now: datetime | None = None
    for window in windows:
        doctors = [window.doctor] if window.doctor else _all_doctors()
        revisions |= agenda.revisions(doctors, window.first, window.last)
        rows = Slot.objects.filter(
            doctor__in=doctors, day__gte=window.first, day__lte=window.last
        )
        slots |= {slot.pk: slot for slot in rows}
    for slot in slots.values():
        ends = holds.setdefault((slot.doctor_id, slot.day), [])
        if slot.held_until:
            ends.append(slot.held_until)
    for touched in _touched(days):
        slot, now = touched.slot, touched.read_at
        zones[slot.doctor_id] = touched.zone
        if touched.revision is not None:
            revisions[slot.doctor_id, slot.day] = touched.revision
        if slot.held_until:
            holds[slot.doctor_id, slot.day].append(slot.held_until)
        if slot.version_at(now) > known.get(slot.pk, 0):
            slots[slot.pk] = slot
    ordered = sorted(slots.values(), key=lambda slot: (slot.start, slot.pk))
    return State(now or locking.clock(), ordered, revisions, holds, zones)


class _Touched(NamedTuple):
    """A slot of a day that was touched."""

    read_at: datetime
    revision: int | None  # of the day
    zone: ZoneInfo  # of the doctor
    slot: Slot


def _touched(days: Collection[DayKey]) -> Iterator[_Touched]:
    if not days:
        return
    doctors, dates = [doctor for doctor, _ in days], [day for _, day in days]
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, [doctors, dates])
        for read_at, revision, zone, *values in cursor.fetchall():
            slot = partly_known(Slot, _COLUMNS, values)
            yield _Touched(read_at, revision, ZoneInfo(zone), slot)


def revisions(windows: Collection[Window]) -> dict[DayKey, int]:
    """How all days of some windows stand, in at most two queries."""
    if not windows:
        return {}
    wanted = {window.doctor for window in windows}
    doctors = _all_doctors() if None in wanted else [d for d in wanted if d]
    first = min(window.first for window in windows)
    last = max(window.last for window in windows)
    found = agenda.revisions(doctors, first, last)
    return {
        key: revision
        for key, revision in found.items()
        if any(window.has_day(key) for window in windows)
    }


def version_of(revisions: Mapping[DayKey, int], window: Window) -> int:
    """The newest version of a window: grows with every change in it."""
    return sum(count for key, count in revisions.items() if window.has_day(key))


def _all_doctors() -> list[UUID]:
    return list(Doctor.objects.values_list("pk", flat=True))
