"""Booking for somebody at the desk or on the phone: which visit, which time, for whom.

The visit is asked for with GET, the booking is made with POST on the same address.
Staff are bound by the calendar, not by the rules for booking online.
"""

from dataclasses import dataclass, field
from typing import Any

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
from bookings.actions import limits
from bookings.availability import SENTENCES, Reason
from bookings.desk import clock, making
from bookings.desk.booking_forms import BookingForm, Times, VisitForm
from bookings.errors import (
    BookingError,
    KeyMismatchError,
    NotOfferedError,
    SeriesError,
    SlotHeldError,
    SlotTakenError,
)
from bookings.models import Appointment, Patient, Slot
from bookings.timetable import day_bounds

_MOST_FOUND = 20
# What no reason changes: the doctor cannot do it, it is over, the plan is used up.
_FINAL = {Reason.SERVICE, Reason.PAST, Reason.PLAN}


@dataclass
class Steps:
    """The two steps as far as they are answered, and why a series was refused."""

    visit: VisitForm
    form: BookingForm | None = None
    refused: list[tuple[str, str]] = field(default_factory=list)  # times, sentences
    left: int = 0  # how many visits of the series can be had


def page(site: Any, request: Any) -> HttpResponse:
    """Show the steps as far as they are answered; book on POST."""
    if not roles.runs_desk(request.user):
        raise PermissionDenied
    if not limits.has_room(timezone.now()):
        messages.warning(request, limits.told_to_staff())
    steps = _steps(request)
    body = _answer(request, steps) if request.method == "POST" else None
    if body:
        return _booked(site, request, body)
    context = {
        **site.each_context(request),
        "title": _("Book for a patient"),
        "steps": steps,
        "media": steps.visit.media,
        "next_day": None if _has_times(steps) else _next_day(steps.visit),
        "all_times": _address_of_all_times(request, steps),
    }
    return TemplateResponse(request, "admin/desk/book.html", context)


def address_for(site: Any, slot: Slot) -> str:
    """The page, with the visit chosen that starts at a slot."""
    local = slot.start.astimezone(slot.doctor.zone)
    service = slot.doctor.default_service_id
    asked = f"?doctor={slot.doctor_id}&service={service}&day={local:%Y-%m-%d}"
    return reverse(f"{site.name}:book") + f"{asked}&slot={slot.pk}"


def _steps(request: Any) -> Steps:
    asked = request.GET if "doctor" in request.GET else None
    may_overbook = roles.may_overbook(request.user)
    visit = VisitForm(asked, may_overbook=may_overbook)
    if not visit.is_valid():
        return Steps(visit)
    form = BookingForm(
        request.POST if request.method == "POST" else None,
        offered=_times(visit.cleaned_data, may_overbook=may_overbook),
        found=_found(visit.cleaned_data["patient"]),
        slot=request.GET.get("slot", ""),
    )
    return Steps(visit, form)


def _times(asked: dict[str, Any], *, may_overbook: bool) -> Times:
    doctor = asked["doctor"]
    views = agenda.between(
        doctor,
        *day_bounds(asked["day"], doctor.zone),
        service=asked["service"],
        now=timezone.now(),
        as_staff=True,
    )
    names = {str(view.id): _named(view) for view in views}
    free = {str(view.id) for view in views if view.can_start}
    sentences = {
        str(view.id): str(SENTENCES[view.reason])
        for view in views
        if may_overbook and view.reason and view.reason not in _FINAL
    }
    return Times(
        free={key: name for key, name in names.items() if key in free},
        refused={key: name for key, name in names.items() if key in sentences},
        sentences=sentences,
        shown=sentences if asked.get("every") else (),
    )


def _named(view: agenda.SlotView) -> str:
    return f"{view.start:%H:%M} {clock.named(view.start)}"


def _found(typed: str) -> list[Patient]:
    words = typed.strip()
    if not words:
        return []
    fits = Q(name__icontains=words) | Q(email__icontains=words)
    digits = "".join(each for each in words if each.isdecimal()).lstrip("0")
    if len(digits) >= 4:
        fits |= Q(phone__contains=digits)
    return list(Patient.objects.filter(fits).order_by("name", "id")[:_MOST_FOUND])


def _answer(request: Any, steps: Steps) -> making.Body | None:
    """What was booked, by this sending of the form or by an earlier one; or say why not."""
    form: Any = steps.form
    try:
        before = making.earlier(request)
        if before or not form:
            return before
        if not form.is_valid():
            return making.earlier(request)  # a twin may have been faster
        return making.book(request, steps.visit.cleaned_data, form)
    except KeyMismatchError:
        if form:
            form.begin_anew()
    except Patient.DoesNotExist:
        form.add_error("who", _("This record is gone. Search again."))
    except SeriesError as error:
        _refuse_series(steps, error)
    except BookingError as error:
        form.add_error(None, str(error))
        may_overbook = roles.may_overbook(request.user)
        form.offers_overbooking = may_overbook and _is_about_time(error)
    return None


def _refuse_series(steps: Steps, error: SeriesError) -> None:
    form: Any = steps.form
    zone = steps.visit.cleaned_data["doctor"].timezone
    steps.refused = making.week_by_week(error.refused, zone)
    steps.left = form.cleaned_data["times"] - len(error.refused)
    form.add_error(None, str(error))


def _is_about_time(error: BookingError) -> bool:
    if isinstance(error, NotOfferedError):
        return error.reason not in _FINAL
    return isinstance(error, SlotTakenError | SlotHeldError)


def _booked(site: Any, request: Any, body: making.Body) -> HttpResponse:
    """Go to the one visit, or list those of a series and what could not be had."""
    rows = Appointment.objects.filter(pk__in=body["booked"]).with_everything()
    made = list(rows.order_by("start"))
    place = f"{site.name}:bookings_appointment_change"
    if len(made) == 1 and not body["refused"]:
        messages.success(request, _said(made[0]))
        return HttpResponseRedirect(reverse(place, args=[made[0].pk]))
    context = {
        **site.each_context(request),
        "title": _("Booked"),
        "made": [
            (reverse(place, args=[each.pk]), clock.wall(each.start, each.zone), each)
            for each in made
        ],
        "refused": body["refused"],
        "again": reverse(f"{site.name}:book"),
    }
    return TemplateResponse(request, "admin/desk/booked.html", context)


def _said(made: Appointment) -> str:
    return _("Booked: %(when)s, %(patient)s. Reference %(reference)s.") % {
        "when": clock.wall(made.start, made.zone),
        "patient": made.patient,
        "reference": made.reference,
    }


def _has_times(steps: Steps) -> bool:
    slot: Any = steps.form.fields["slot"] if steps.form else None
    return slot is None or bool(slot.choices)


def _next_day(visit: VisitForm) -> str | None:
    asked = visit.cleaned_data
    found = agenda.next_free_day(
        asked["doctor"], asked["day"], service=asked["service"], now=timezone.now()
    )
    return date_format(found, "l j F Y") if found else None


def _address_of_all_times(request: Any, steps: Steps) -> str | None:
    """The page with the times that are not free, if there are any to overbook."""
    if not steps.form or not steps.form.offered.refused:
        return None
    asked = request.GET.copy()
    asked["every"] = "on"
    return f"?{asked.urlencode()}"
