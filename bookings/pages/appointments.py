"""Visits of a patient: the list, one of them, its calendar file, cancelling it.

One visit opens by log-in, by the signed link in its mail, or in the browser that booked
it. Everybody else gets the same 404, whether or not there is such a visit.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from bookings.actions import appointments
from bookings.errors import AlreadyCancelledError, BookingError
from bookings.interop import ical, links
from bookings.models import Appointment, Patient, Practice
from bookings.pages import errors, held
from tenants.http import ClinicRequest

_FRESH = timedelta(minutes=30)  # for so long the page says "You are booked"
_PAST = 30  # how many past visits are listed


@login_not_required
@never_cache
@require_safe
def mine(request: ClinicRequest) -> HttpResponse:
    """What is coming up, and what was; guests are told how to get here."""
    user = request.user
    if not isinstance(user, User):
        return render(request, "bookings/appointments_guest.html")
    now = timezone.now()
    people = Patient.objects.of_user(user)
    own = Appointment.objects.filter(patient__in=people).select_related(
        "doctor", "service", "location", "patient"
    )
    upcoming = own.filter(status__in=["booked", "arrived"], end__gt=now)
    past = own.exclude(pk__in=upcoming.values("pk")).order_by("-start")
    cutoff = _cutoff()
    context = {
        "upcoming": [
            (each, each.is_cancellable(now, cutoff), _closing(each, cutoff))
            for each in upcoming
        ],
        "past": past[:_PAST],
    }
    return render(request, "bookings/appointments.html", context)


@login_not_required
@never_cache
@require_safe
def one(request: ClinicRequest, reference: str) -> HttpResponse:
    """One visit; right after booking, the page that says so."""
    visit = _open(request, reference)
    if visit is None:
        return _closed(request)
    now = timezone.now()
    is_new = held.has_made(request.session, visit) and now - visit.created_at < _FRESH
    is_done = is_new and visit.version == 1
    return render(
        request,
        "bookings/appointment.html",
        _context(request, visit) | {"is_done": is_done},
    )


@login_not_required
@never_cache
@require_safe
def calendar(request: ClinicRequest, reference: str) -> HttpResponse:
    """The visit as a calendar file."""
    visit = _open(request, reference)
    if visit is None:
        return _closed(request)
    response = HttpResponse(
        ical.calendar_of(visit), content_type="text/calendar; charset=utf-8"
    )
    name = f"{visit.reference}.ics"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: ClinicRequest, reference: str) -> HttpResponse:
    """Ask before cancelling; only POST cancels."""
    visit = _open(request, reference)
    if visit is None:
        return _closed(request)
    context = _context(request, visit)
    if request.method != "POST":
        return render(request, "bookings/cancel.html", context)
    try:
        appointments.cancel(
            appointment_id=visit.pk,
            by=request.user if isinstance(request.user, User) else None,
            via=Appointment.Via.PAGE,
        )
    except AlreadyCancelledError:
        pass  # sent twice: it is as was wished
    except BookingError as error:
        status = 503 if error.code == "unavailable" else 409
        context |= {"refusal": str(error)}
        return render(request, "bookings/cancel.html", context, status=status)
    return redirect(str(context["visit_url"]))


def _open(request: ClinicRequest, reference: str) -> Appointment | None:
    """The visit, if whoever asks may see it."""
    visits = Appointment.objects.with_everything()
    visit: Appointment | None = visits.filter(reference=reference.upper()).first()
    if visit is None:
        return None
    if links.opens(request.GET.get(links.PARAMETER, ""), visit):
        return visit
    if held.has_made(request.session, visit) or _is_theirs(request, visit):
        return visit
    return None


def _is_theirs(request: ClinicRequest, visit: Appointment) -> bool:
    if not isinstance(request.user, User):
        return False
    theirs = Appointment.objects.visible_to(request.user)
    return bool(theirs.filter(pk=visit.pk).exists())


def _closed(request: ClinicRequest) -> HttpResponse:
    """Says the same of a visit of somebody else as of none at all."""
    if request.user.is_authenticated:
        return errors.not_found(request)
    query = urlencode({"next": request.path})
    context = {
        "title": _("We cannot show this appointment here"),
        "text": _(
            "Open it by the link in the email we sent you, or log in. Nothing has "
            "happened to it."
        ),
        "login_url": f"{reverse('accounts:login')}?{query}",
    }
    return render(request, "bookings/error.html", context, status=404)


def _context(request: ClinicRequest, visit: Appointment) -> dict[str, Any]:
    """What pages of one visit show; their links carry the key that opened this one."""
    now, cutoff = timezone.now(), _cutoff()
    key = request.GET.get(links.PARAMETER, "")
    query = f"?{urlencode({links.PARAMETER: key})}" if links.opens(key, visit) else ""
    here = [visit.reference]
    return {
        "visit": visit,
        "may_change": visit.is_cancellable(now, cutoff),
        "changes_until": _closing(visit, cutoff),
        "first_name": visit.patient.name.split(" ")[0],
        "is_over": visit.end <= now,
        "visit_url": reverse("bookings:appointment", args=here) + query,
        "cancel_url": reverse("bookings:cancel", args=here) + query,
        "calendar_url": reverse("bookings:calendar", args=here) + query,
    }


def _closing(visit: Appointment, cutoff: timedelta) -> datetime:
    """Until when it can be changed online, on the clock of the place."""
    return visit.changes_close_at(cutoff).astimezone(visit.local_start.tzinfo)


def _cutoff() -> timedelta:
    return timedelta(minutes=Practice.load().cutoff_minutes)
