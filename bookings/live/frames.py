"""What is sent to live pages: states of slots, ready as text. Nothing of a patient.

A viewer is a `Window` (which times) and a `Variant` (in which form and language). The
same text goes to all viewers who share both, so it is made once in a process.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, Func, OuterRef, Q, Subquery
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import override

from bookings import agenda, locking
from bookings.models import Doctor, DoctorDay, Slot
from bookings.models.quickly import partly_known
from bookings.timetable import day_bounds

DayKey = tuple[UUID, date]

# More changes of a day than this, and its pages are asked to fetch it anew.
MOST_FRAGMENTS = 40
# A page that watches more than this is told so, and fetches what it shows by itself.
MOST_IN_SNAPSHOT = 300


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


@dataclass
class State:
    """Slots as they are at an instant, and how their days stand.

    Of days that were touched there are only the slots that viewers do not know yet.
    """

    now: datetime
    slots: list[Slot]
    revisions: dict[DayKey, int]
    holds: dict[DayKey, list[datetime]]  # of each day that was read, their ends

    def within(self, window: Window) -> list[Slot]:
        return [slot for slot in self.slots if window.covers(slot)]


class Renderer:
    """Makes each text once; lives for one reading of the clinic's state.

    Call it inside the clinic: fragments are judged for the doctor's default service.
    """

    def __init__(self, state: State, *, is_live: bool) -> None:
        self._state = state
        self._is_live = is_live
        self._views: dict[DayKey, dict[UUID, agenda.SlotView]] = {}
        self._doctors: dict[UUID, Doctor] = {}
        self._made: dict[tuple[UUID, Variant], str] = {}

    def snapshot(self, window: Window, variant: Variant) -> list[str]:
        """All that a window shows, for a viewer who has just come or missed something."""
        slots = self._state.within(window)
        version = version_of(self._state.revisions, window)
        if variant.is_json:
            facts = [_facts(slot, self._state.now) for slot in slots]
            return [_json({"type": "snapshot", "version": version, "slots": facts})]
        is_partial = len(slots) > MOST_IN_SNAPSHOT
        marks = [] if is_partial else [self._fragment(each, variant) for each in slots]
        kind = "partial" if is_partial else "whole"
        last = _beat(version, is_live=self._is_live, snapshot=kind)
        return ["".join([*marks, last])]

    def updates(self, changed: Iterable[Slot], variant: Variant) -> list[str]:
        """What changed; for pages a day with many changes is only marked for reload."""
        slots = list(changed)
        if variant.is_json:
            return [
                _json({"type": "slotUpdated", "slot": _facts(slot, self._state.now)})
                for slot in slots
            ]
        return [self._day_update(key, slots, variant) for key in _days(slots)]

    def _day_update(self, key: DayKey, slots: list[Slot], variant: Variant) -> str:
        of_day = [slot for slot in slots if (slot.doctor_id, slot.day) == key]
        if len(of_day) > MOST_FRAGMENTS:
            return self._mark(key, reload=True)
        fragments = [self._fragment(slot, variant) for slot in of_day]
        return "".join(fragments) + self._mark(key)

    def _fragment(self, slot: Slot, variant: Variant) -> str:
        made = self._made.get((slot.pk, variant))
        if made is None:
            made = self._made[slot.pk, variant] = self._render(slot, variant)
        return made

    def _render(self, slot: Slot, variant: Variant) -> str:
        view = self._view_of(slot)
        with override(variant.language):
            return render_to_string("bookings/_slot.html", {"view": view}).strip()

    def _view_of(self, slot: Slot) -> agenda.SlotView:
        # Most changes are bookings, which need no calculator.
        if slot.appointment_id:
            zone = self._doctor(slot.doctor_id).zone
            return agenda.booked(slot, zone, self._state.now)
        return self._views_of(slot)[slot.pk]

    def _views_of(self, slot: Slot) -> dict[UUID, agenda.SlotView]:
        key = (slot.doctor_id, slot.day)
        if key not in self._views:
            doctor = self._doctor(slot.doctor_id)
            start, end = day_bounds(slot.day, doctor.zone)
            views = agenda.between(
                doctor,
                min(start, slot.start),
                max(end, slot.end),
                service=doctor.default_service,
                now=self._state.now,
            )
            self._views[key] = {view.id: view for view in views}
        return self._views[key]

    def _doctor(self, doctor_id: UUID) -> Doctor:
        if doctor_id not in self._doctors:
            doctors = Doctor.objects.select_related("default_service")
            self._doctors[doctor_id] = doctors.get(pk=doctor_id)
        return self._doctors[doctor_id]

    def _mark(self, key: DayKey, *, reload: bool = False) -> str:
        """Say to whom the fragments belong, and how new the day is."""
        doctor, day = key
        return format_html(
            '<i data-doctor="{}" data-day="{}" data-revision="{}"{}></i>',
            doctor,
            day.isoformat(),
            self._state.revisions.get(key, 0),
            " data-reload" if reload else "",
        )


def version_of(revisions: Mapping[DayKey, int], window: Window) -> int:
    """The newest version of a window: grows with every change in it."""
    return sum(count for key, count in revisions.items() if window.has_day(key))


def heartbeat(version: int, variant: Variant, *, is_live: bool) -> str:
    """Say that we are there, and how new what the viewer should have is.

    Args:
        is_live: whether changes come at once; otherwise they are looked up now and then.
    """
    if variant.is_json:
        return _json({"type": "heartbeat", "version": version, "live": is_live})
    return _beat(version, is_live=is_live)


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
    unknown: list[UUID] = []
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
    for slot, revision, read_at in _of_days(days):
        now = read_at
        if revision is not None:
            revisions[slot.doctor_id, slot.day] = revision
        if slot.held_until:
            holds[slot.doctor_id, slot.day].append(slot.held_until)
        if slot.version_at(now) > known.get(slot.pk, 0):
            unknown.append(slot.pk)
    slots |= Slot.objects.in_bulk(unknown) if unknown else {}
    ordered = sorted(slots.values(), key=lambda slot: (slot.start, slot.pk))
    return State(now or locking.clock(), ordered, revisions, holds)


def _of_days(days: Collection[DayKey]) -> Iterator[tuple[Slot, int | None, datetime]]:
    """What of the slots of some days tells whether they are known, in one statement.

    Each comes with the revision of its day and the clock.
    """
    if not days:
        return
    day = DoctorDay.objects.filter(doctor=OuterRef("doctor"), day=OuterRef("day"))
    asked = [Q(doctor=doctor, day=date) for doctor, date in days]
    rows = Slot.objects.filter(reduce(or_, asked)).annotate(
        revision=Subquery(day.values("revision")), read_at=_Asked()
    )
    # Hundreds in each turn of a crowd, most of which have not changed.
    columns = ("id", "doctor_id", "day", "held_until", "version")
    for *values, revision, read_at in rows.values_list(*columns, "revision", "read_at"):
        yield partly_known(Slot, columns, values), revision, read_at


class _Asked(Func):
    """PostgreSQL's clock as the statement began: before what it reads, never after."""

    function = "statement_timestamp"
    output_field = DateTimeField()


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


def _all_doctors() -> list[UUID]:
    return list(Doctor.objects.values_list("pk", flat=True))


def _days(slots: Iterable[Slot]) -> list[DayKey]:
    return sorted({(slot.doctor_id, slot.day) for slot in slots})


def _facts(slot: Slot, now: datetime) -> dict[str, Any]:
    return {
        "id": str(slot.pk),
        "doctor": str(slot.doctor_id),
        "start": _instant(slot.start),
        "end": _instant(slot.end),
        "status": slot.status_at(now),
        "version": slot.version_at(now),
    }


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _beat(version: int, *, is_live: bool, snapshot: str = "") -> str:
    state = "on" if is_live else "retry"
    kind = format_html(' data-snapshot="{}"', snapshot) if snapshot else ""
    return format_html('<i data-beat="{}" data-state="{}"{}></i>', version, state, kind)


def _json(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"))
