"""The clinic's data as tables for people: CSV that opens well in a spreadsheet.

UTF-8 with a byte order mark, since Excel takes other files for its own code page. Every
cell is quoted, and what a spreadsheet would run as a formula gets an apostrophe before
it; the exact values are in `data/`.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bookings.interop.archive.diary import in_order
from bookings.models import (
    Doctor,
    Holiday,
    Location,
    Patient,
    Service,
    TimeOff,
    WorkingHours,
)
from tenants.context import current_clinic

Row = tuple[object, ...]

_AT_ONCE = 500  # patients
# What starts a formula, at the start of a cell or of what a reader with another idea of
# separators would take for one; blanks and invisible signs before it do not help it.
_FORMULA = re.compile(
    "(^|[;\t\r\n])"
    "([\\s\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*)"
    "(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])"
)


def defused(value: object) -> str:
    """Return a cell's text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    if text.startswith(("\t", "\r", "\n")):
        text = f"'{text}"
    return _FORMULA.sub(r"\1'\2", text)


def lines_of(headings: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    """Return the file line by line; the first one is the headings."""
    yield _line(headings, mark="\ufeff")
    for row in rows:
        yield _line(row)


def _line(row: Row, *, mark: str = "") -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([defused(cell) for cell in row])
    return f"{mark}{line.getvalue()}".encode(errors="replace")


def _local(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


def _yes_no(value: bool) -> str:  # noqa: FBT001 (a cell's own value)
    return "yes" if value else "no"


# Each sheet ----------------------------------------------------------------------------


def _appointments() -> Iterator[Row]:
    for each in in_order():
        yield (
            each.reference,
            _local(each.start, each.zone),
            _local(each.end, each.zone),
            each.zone,
            each.status,
            each.doctor,
            each.service.name,
            each.location.name,
            each.patient.name,
            each.patient.mail_address,
            each.patient.phone,
            each.reason,
            _yes_no(each.is_overbooked),
            _yes_no(each.is_unplaced),
            each.series,
            each.booked_via,
            each.created_at.isoformat(timespec="seconds"),
            each.pk,
        )


def _patients() -> Iterator[Row]:
    people = Patient.objects.select_related("guardian", "user").order_by("pk")
    last: list[Patient] = list(people[:_AT_ONCE])
    while last:
        for each in last:
            yield (
                each.name,
                each.email,
                each.phone,
                each.date_of_birth,
                each.language,
                each.guardian,
                each.user.email if each.user else None,
                each.created_at.isoformat(timespec="seconds"),
                each.pk,
            )
        last = list(people.filter(pk__gt=last[-1].pk)[:_AT_ONCE])


def _doctors() -> Iterator[Row]:
    for each in Doctor.objects.select_related("location").prefetch_related("services"):
        offered = ", ".join(sorted(service.name for service in each.services.all()))
        yield (
            each.title,
            each.name,
            each.specialty,
            ", ".join(each.languages),
            each.timezone,
            each.location.name,
            offered,
            _yes_no(each.is_active),
            each.pk,
        )


def _services() -> Iterator[Row]:
    for each in Service.objects.order_by("position", "name", "pk"):
        yield (
            each.name,
            each.description,
            each.mode,
            each.duration_minutes,
            each.buffer_before_minutes,
            each.buffer_after_minutes,
            _yes_no(each.is_active),
            each.pk,
        )


def _locations() -> Iterator[Row]:
    for each in Location.objects.order_by("name", "pk"):
        used = _yes_no(each.is_active)
        yield (each.name, each.address, each.phone, each.timezone, used, each.pk)


def _working_hours() -> Iterator[Row]:
    hours: Any = WorkingHours.objects.select_related("doctor", "location")
    for each in hours.order_by("doctor__position", "doctor_id", "weekday", "opens"):
        yield (
            each.doctor,
            each.get_weekday_display(),
            f"{each.opens:%H:%M}",
            f"{each.closes:%H:%M}",
            each.slot_minutes,
            each.location.name,
            each.valid_from,
            each.valid_to,
        )


def _closed() -> Iterator[Row]:
    for off in TimeOff.objects.select_related("doctor").order_by("start", "pk"):
        zone = off.doctor.timezone if off.doctor else current_clinic().timezone
        start, end = _local(off.start, zone), _local(off.end, zone)
        yield (start, end, off.doctor, off.note)
    for day in Holiday.objects.filter(is_open=False).order_by("day"):
        yield (day.day, day.day, None, day.name)


# File → its headings and rows. The headings are part of the format, so not translated.
SHEETS = {
    "appointments": (
        (
            *("reference", "start", "end", "zone", "status", "doctor", "service"),
            *("location", "patient", "email", "phone", "reason", "overbooked"),
            *("needs_new_time", "series", "booked_via", "created", "id"),
        ),
        _appointments,
    ),
    "patients": (
        (
            *("name", "email", "phone", "date_of_birth", "language", "booked_for_by"),
            *("login", "created", "id"),
        ),
        _patients,
    ),
    "doctors": (
        (
            *("title", "name", "specialty", "languages", "zone", "location"),
            *("services", "active", "id"),
        ),
        _doctors,
    ),
    "services": (
        (
            *("name", "description", "how", "minutes", "minutes_before"),
            *("minutes_after", "active", "id"),
        ),
        _services,
    ),
    "locations": (("name", "address", "phone", "zone", "active", "id"), _locations),
    "working_hours": (
        (
            *("doctor", "weekday", "from", "until", "slot_minutes", "location"),
            *("valid_from", "valid_to"),
        ),
        _working_hours,
    ),
    "closed": (("from", "until", "doctor", "note"), _closed),
}
