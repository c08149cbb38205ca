"""Booking for somebody at the desk or on the phone: which visit, which time, for whom.

The visit is asked for with GET, the booking is made with POST on the same address.
Staff are bound by the calendar, not by the rules for booking online.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import roles
from bookings import agenda
from bookings.actions import appointments
from bookings.desk import clock
from bookings.desk.booking_forms import BookingForm, VisitForm
from bookings.errors import BookingError
from bookings.models import Appointment, Patient, Slot

_MOST_FOUND = 20


def page(site: Any, request: Any) -> HttpResponse:
    """Show the steps as far as they are answered; book on POST."""
    if not roles.runs_desk(request.user):
        raise PermissionDenied
    visit = VisitForm(request.GET if "doctor" in request.GET else None)
    form = _second_step(request, visit) if visit.is_valid() else None
    if form and form.is_valid():
        made = _book(request, visit, form)
        if made:
            place = f"{site.name}:bookings_appointment_change"
            return HttpResponseRedirect(reverse(place, args=[made.pk]))
    context = {
        **site.each_context(request),
        "title": _("Book for a patient"),
        "visit": visit,
        "form": form,
        "media": visit.media,
        "next_day": _next_day(visit) if form and not _has_times(form) else None,
    }
    return TemplateResponse(request, "admin/desk/book.html", context)


def address_for(site: Any, slot: Slot) -> str:
    """The page, with the visit chosen that starts at a slot."""
    local = slot.start.astimezone(slot.doctor.zone)
    service = slot.doctor.default_service_id
    asked = f"?doctor={slot.doctor_id}&service={service}&day={local:%Y-%m-%d}"
    return reverse(f"{site.name}:book") + f"{asked}&slot={slot.pk}"


def _second_step(request: Any, visit: VisitForm) -> BookingForm:
    asked = visit.cleaned_data
    form = BookingForm(
        request.POST if request.method == "POST" else None,
        times=_times(asked),
        found=_found(asked["patient"]),
    )
    form.fields["slot"].initial = request.GET.get("slot")
    return form


def _times(asked: dict[str, Any]) -> list[tuple[str, str]]:
    views = agenda.day(
        asked["doctor"],
        asked["day"],
        service=asked["service"],
        now=timezone.now(),
        as_staff=True,
    )
    return [
        (str(view.id), f"{view.start:%H:%M} {clock.named(view.start)}")
        for view in views
        if view.can_start
    ]


def _has_times(form: BookingForm) -> bool:
    slot: Any = form.fields["slot"]
    return bool(slot.choices)


def _next_day(visit: VisitForm) -> str | None:
    asked = visit.cleaned_data
    found = agenda.next_free_day(
        asked["doctor"], asked["day"], service=asked["service"], now=timezone.now()
    )
    return date_format(found, "l j F Y") if found else None


def _found(typed: str) -> list[Patient]:
    words = typed.strip()
    if not words:
        return []
    fits = Q(name__icontains=words) | Q(email__icontains=words)
    digits = "".join(each for each in words if each.isdecimal()).lstrip("0")
    if len(digits) >= 4:
        fits |= Q(phone__contains=digits)
    return list(Patient.objects.filter(fits).order_by("name", "id")[:_MOST_FOUND])


def _book(request: Any, visit: VisitForm, form: BookingForm) -> Appointment | None:
    """Book, or say in the form why not."""
    try:
        made = appointments.book(
            slot_id=UUID(form.cleaned_data["slot"]),
            service=visit.cleaned_data["service"],
            patient=form.person(),
            by=request.user,
            via=Appointment.Via.DESK,
            as_staff=True,
            reason=form.cleaned_data["reason"],
        )
    except BookingError as error:
        form.add_error(None, str(error))
        return None
    except Patient.DoesNotExist:
        form.add_error("who", _("This record is gone. Search again."))
        return None
    said = _("Booked: %(when)s, %(patient)s. Reference %(reference)s.") % {
        "when": clock.wall(made.start, made.zone),
        "patient": made.patient,
        "reference": made.reference,
    }
    messages.success(request, said)
    return made
