"""What is sent to live pages: states of slots, ready as text. Nothing of a patient.

The same text goes to all viewers who share a window and a variant (`bookings.live.viewers`),
so it is made once in a process.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.translation import override

from bookings import agenda
from bookings.live.state import State, version_of
from bookings.live.viewers import DayKey, Variant, Window
from bookings.models import Doctor, Slot
from bookings.timetable import day_bounds

# More changes of a day than this, and its pages are asked to fetch it anew.
MOST_FRAGMENTS = 40
# A page that watches more than this is told so, and fetches what it shows by itself.
MOST_IN_SNAPSHOT = 300


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
        self._template = get_template("bookings/_slot.html")

    def snapshot(self, window: Window, variant: Variant) -> list[str]:
        """All that a window shows, for a viewer who has just come or missed something."""
        slots = self._state.within(window)
        version = version_of(self._state.revisions, window)
        if variant.is_json:
            facts = [_facts(slot, self._state.now) for slot in slots]
            return [_json({"type": "snapshot", "version": version, "slots": facts})]
        is_partial = len(slots) > MOST_IN_SNAPSHOT
        marks = [] if is_partial else self._fragments(slots, variant)
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
        return "".join(self._fragments(of_day, variant)) + self._mark(key)

    def _fragments(self, slots: list[Slot], variant: Variant) -> list[str]:
        with override(variant.language):
            return [self._fragment(slot, variant) for slot in slots]

    def _fragment(self, slot: Slot, variant: Variant) -> str:
        made = self._made.get((slot.pk, variant))
        if made is None:
            view = self._view_of(slot)
            # Named though nobody has them: looking for what is not there takes longer.
            shown = {"view": view, "my_hold": None, "second_clock": None}
            made = self._made[slot.pk, variant] = self._template.render(shown).strip()
        return made

    def _view_of(self, slot: Slot) -> agenda.SlotView:
        # Most changes are bookings, which need no calculator.
        if slot.appointment_id:
            known = self._state.zones.get(slot.doctor_id)
            zone = known or self._doctor(slot.doctor_id).zone
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


def heartbeat(version: int, variant: Variant, *, is_live: bool) -> str:
    """Say that we are there, and how new what the viewer should have is.

    Args:
        is_live: whether changes come at once; otherwise they are looked up now and then.
    """
    if variant.is_json:
        return _json({"type": "heartbeat", "version": version, "live": is_live})
    return _beat(version, is_live=is_live)


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
