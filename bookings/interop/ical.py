"""Appointments as iCalendar files (RFC 5545), for mail and for “add to my calendar”.

- One UID for an appointment's whole life, bound to the clinic's UUID, not to its slug;
  SEQUENCE grows with each change, so that calendars replace what they have.
- Instants are in UTC (`Z`). A zone name needs a VTIMEZONE beside it, which importers
  read differently around clock changes; an instant they all agree on. The clock of the
  place is in the mail's text.
- METHOD:PUBLISH, not REQUEST: it imports by one tap, asks for no answer, and names no
  attendee. A cancelled one is sent as METHOD:CANCEL.
- Nothing about why the visit is made, and no secret link: calendars are shared.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from bookings.models import Appointment, AppointmentChange, Service
from tenants.context import current_clinic


@dataclass(frozen=True)
class Moment:
    """What a change has made of an appointment."""

    start: datetime
    end: datetime
    version: int
    at: datetime
    is_cancelled: bool


def calendar_of(appointment: Appointment) -> bytes:
    """Return the file that says how the appointment stands now."""
    last = appointment.history.order_by("-version").first()
    changed_at = last.at if last else appointment.created_at
    return _file(appointment, _as_it_stands(appointment, changed_at))


def calendar_for(change: AppointmentChange) -> bytes:
    """Return the file that says what one change has made of its appointment."""
    is_cancelled = change.kind == AppointmentChange.Kind.CANCELLED
    moment = Moment(change.start, change.end, change.version, change.at, is_cancelled)
    return _file(change.appointment, moment)


def method_of(change: AppointmentChange) -> str:
    """Return the METHOD of the file for a change, as its Content-Type must say too."""
    return "CANCEL" if change.kind == AppointmentChange.Kind.CANCELLED else "PUBLISH"


def uid_of(appointment: Appointment) -> str:
    return f"{appointment.pk}@{current_clinic().pk}"


def whole_calendar(
    appointments: Iterable[tuple[Appointment, datetime]],
) -> Iterator[bytes]:
    """Return one file of many appointments part by part, cancelled ones included.

    Args:
        appointments: each with the instant of its last change.
    """
    opening, end, closing = bytes(_empty("PUBLISH").to_ical()).rpartition(b"END:")
    yield opening
    for appointment, changed_at in appointments:
        moment = _as_it_stands(appointment, changed_at)
        yield bytes(_event(appointment, moment).to_ical())
    yield end + closing


def _as_it_stands(appointment: Appointment, changed_at: datetime) -> Moment:
    return Moment(
        appointment.start,
        appointment.end,
        appointment.version,
        changed_at,
        appointment.status == Appointment.Status.CANCELLED,
    )


def _file(appointment: Appointment, moment: Moment) -> bytes:
    calendar = _empty("CANCEL" if moment.is_cancelled else "PUBLISH")
    calendar.add_component(_event(appointment, moment))
    return bytes(calendar.to_ical())


def _empty(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Slotwell//Appointments//EN")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event(appointment: Appointment, moment: Moment) -> Event:
    clinic = current_clinic()
    event = Event()
    event.add("uid", uid_of(appointment))
    event.add("sequence", moment.version - 1)
    event.add("dtstamp", moment.at)
    event.add("last-modified", moment.at)
    event.add("dtstart", moment.start)
    event.add("dtend", moment.end)
    event.add("status", "CANCELLED" if moment.is_cancelled else "CONFIRMED")
    event.add("summary", f"{appointment.doctor}, {clinic.name}")
    event.add("location", _where(appointment))
    event.add("description", _details(appointment))
    event.add("url", clinic.url(f"/appointments/{appointment.reference}/"))
    organizer = vCalAddress(f"mailto:{settings.DEFAULT_FROM_EMAIL}")
    organizer.params["CN"] = vText(clinic.name.replace('"', "'"))
    event["organizer"] = organizer
    return event


def _where(appointment: Appointment) -> str:
    service, place = appointment.service, appointment.location
    if service.mode != Service.Mode.IN_PERSON:
        return str(capfirst(service.get_mode_display()))
    return ", ".join(part for part in (place.name, place.address) if part)


def _details(appointment: Appointment) -> str:
    lines = [
        str(appointment.service),
        _("Reference: %(reference)s") % {"reference": appointment.reference},
        appointment.location.phone,
    ]
    return "\n".join(line for line in lines if line)
