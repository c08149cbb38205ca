"""Cancelling at the desk: ask for a reason, then cancel row by row and say how it went.

Never inside a transaction of the admin's: `appointments.cancel` has its own, durable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.actions import appointments
from bookings.desk import clock
from bookings.desk.confirm import NoteForm, Question, ask
from bookings.errors import BookingError
from bookings.models import Appointment

MOST = 50  # rows at once; more is hardly meant


@dataclass(frozen=True)
class Row:
    """One appointment in the question, as it was seen."""

    pk: UUID
    version: int
    line: str


def cancel_rows(
    admin: Any,
    request: HttpRequest,
    rows: Sequence[Appointment],
    *,
    action: str,
    back: str,
) -> HttpResponse:
    """Ask for the reason, or, once it was asked, cancel the rows."""
    form = NoteForm(
        request.POST if "post" in request.POST else None,
        label=_("Reason (optional)"),
        help_text=_("The patient can read it in the mail. Leave out anything medical."),
        longest=500,
    )
    if form.is_valid():
        _cancel_each(admin, request, rows, form.cleaned_data["note"])
        return HttpResponseRedirect(back)
    question = Question(
        title=_("Cancel appointments") if len(rows) > 1 else _("Cancel appointment"),
        warning=_(
            "Their times become free again at once, and each patient with an e-mail "
            "address is told by mail. This cannot be undone."
        ),
        button=ngettext("Cancel the appointment", "Cancel the appointments", len(rows)),
        rows=[Row(each.pk, each.version, _line(each)) for each in rows],
        action=action,
        back=back,
    )
    return ask(request, admin, question, form)


def few_enough(
    admin: Any, request: HttpRequest, queryset: QuerySet[Appointment]
) -> list[Appointment]:
    """The chosen rows; none, and a word about it, if they are too many."""
    rows = list(queryset[: MOST + 1])
    if len(rows) <= MOST:
        return rows
    said = ngettext(
        "Choose at most %(n)d appointment.", "Choose at most %(n)d appointments.", MOST
    )
    admin.message_user(request, said % {"n": MOST}, messages.ERROR)
    return []


def _line(appointment: Appointment) -> str:
    patient = appointment.patient
    words = [
        clock.wall(appointment.start, appointment.zone),
        str(appointment.doctor),
        patient.name,
    ]
    if not patient.mail_address:
        words.append(
            _("no e-mail: phone %(phone)s") % {"phone": patient.phone}
            if patient.phone
            else _("neither e-mail nor phone: nobody can be told")
        )
    return " · ".join(words)


def _cancel_each(
    admin: Any, request: Any, rows: Sequence[Appointment], reason: str
) -> None:
    cancelled = 0
    for row in rows:
        try:
            appointments.cancel(
                appointment_id=row.pk,
                by=request.user,
                via=Appointment.Via.DESK,
                reason=reason,
                as_staff=True,
                version=version_seen(request, row.pk),
            )
            cancelled += 1
        except BookingError as error:
            said = f"{row.reference}, {row.patient}: {error}"
            admin.message_user(request, said, messages.ERROR)
    if cancelled:
        said = ngettext(
            "%(n)d appointment is cancelled.",
            "%(n)d appointments are cancelled.",
            cancelled,
        )
        admin.message_user(request, said % {"n": cancelled}, messages.SUCCESS)


def version_seen(request: HttpRequest, pk: UUID) -> int:
    """What was on the page; a form that does not say it saw nothing."""
    raw = request.POST.get(f"version:{pk}", "")
    return int(raw) if raw.isdecimal() and len(raw) < 10 else 0
