"""Composes the message about one change of an appointment.

It tells the change as it happened, even if it leaves late: with that change's times and
its SEQUENCE, so that calendars end with the newest whatever the order of arrival. If the
appointment has changed again since, the message says that another one follows.

The reason for the visit is in none of it, and the subject, which shows on locked
screens, names neither doctor nor service.
"""

import re
import unicodedata
from email.mime.text import MIMEText
from email.utils import formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from bookings.interop import ical, links
from bookings.models import AppointmentChange, OutboxMessage, Practice
from bookings.outbox import wording
from tenants.context import current_clinic

Kind = AppointmentChange.Kind


def compose(message: OutboxMessage) -> EmailMultiAlternatives | None:
    """Build the mail of an outbox row; None if there is nobody to write to."""
    change = message.change
    to = change.appointment.patient.mail_address
    if not to:
        return None
    with translation.override(_language(change)):
        facts = _facts(change)
        mail = EmailMultiAlternatives(
            subject=_subject(change, facts["when"]),
            body=render_to_string("mail/appointment.txt", facts),
            from_email=formataddr((one_line(facts["clinic"]), _sender())),
            to=[to],
            headers=_headers(message),
        )
        mail.attach_alternative(
            render_to_string("mail/appointment.html", facts), "text/html"
        )
        mail.attach(_calendar(change))
    return mail


def message_id(message: OutboxMessage) -> str:
    """Return the Message-ID: the same each time the row is sent."""
    # Not the primary domain, which may change between two tries.
    domain = current_clinic().platform_host.partition(":")[0]
    return f"<{message.pk}@{domain}>"


def one_line(text: str) -> str:
    """Make text safe for a header: one line, no control or direction characters."""
    plain = "".join(
        " " if unicodedata.category(each) in {"Cc", "Zl", "Zp", "Cs"} else each
        for each in text
    )
    return " ".join(re.sub("[\u202a-\u202e\u2066-\u2069]", "", plain).split())


def _language(change: AppointmentChange) -> str:
    appointment = change.appointment
    return appointment.language or appointment.patient.language or _default_language()


def _default_language() -> str:
    return str(settings.LANGUAGE_CODE)


def _facts(change: AppointmentChange) -> dict[str, Any]:
    appointment, clinic = change.appointment, current_clinic()
    practice = Practice.load()
    place = appointment.location
    return {
        "kind": str(change.kind),
        "name": _name(change),
        "to_guardian": not appointment.patient.email,
        "when": wording.when(change.start, appointment.zone),
        "minutes": int((change.end - change.start).total_seconds() // 60),
        "appointment": appointment,
        "doctor": one_line(str(appointment.doctor)),
        "service": appointment.service,
        "place": place,
        "is_overtaken": _is_overtaken(change),
        "clinic": clinic.name,
        "phone": place.phone or practice.phone,
        "emergency_note": practice.emergency_note,
        "url": links.appointment_url(appointment),
        "book_url": clinic.url("/"),
        "language": translation.get_language(),
        "is_rtl": translation.get_language_bidi(),
    }


def _is_overtaken(change: AppointmentChange) -> bool:
    """Whether the patient is told of a newer change in another message."""
    newer = change.appointment.history.filter(version__gt=change.version)
    return newer.filter(kind__in=[Kind.MOVED, Kind.CANCELLED]).exists()


def _name(change: AppointmentChange) -> str:
    """Return the patient's name, unless it is a message of its own.

    Guests type names and addresses: what looks like a link is not sent to strangers.
    """
    name = one_line(change.appointment.patient.name)
    is_odd = len(name) > 80 or re.search(r"[/@:<>]|www\.|\.\w{2,}$", name)
    return "" if is_odd else name


def _subject(change: AppointmentChange, when: str) -> str:
    subjects = {
        Kind.BOOKED: _("Your appointment: %(when)s"),
        Kind.MOVED: _("Your appointment has moved: %(when)s"),
        Kind.CANCELLED: _("Your appointment is cancelled: %(when)s"),
    }
    return one_line(subjects[Kind(change.kind)] % {"when": when})


def _sender() -> str:
    return str(settings.DEFAULT_FROM_EMAIL)


def _headers(message: OutboxMessage) -> dict[str, str]:
    change = message.change
    return {
        "Message-ID": message_id(message),
        "X-Booking-Event": str(change.kind),
        "X-Booking-Reference": change.appointment.reference,
        "Auto-Submitted": "auto-generated",
        "Content-Language": translation.get_language() or _default_language(),
    }


def _calendar(change: AppointmentChange) -> MIMEText:
    part = MIMEText(ical.calendar_for(change).decode(), "calendar", "utf-8")
    part.set_param("method", ical.method_of(change))
    part.add_header("Content-Disposition", "attachment", filename="appointment.ics")
    return part
