"""Visits of a patient: the list, one of them, its calendar file, cancelling it."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from bookings.actions import appointments
from bookings.errors import AlreadyCancelledError, BookingError
from bookings.interop import ical
from bookings.models import Appointment, Patient
from bookings.pages import held, visits
from tenants.http import ClinicRequest

_FRESH = timedelta(minutes=30)  # for so long the page says "You are booked"
_PAST = 30  # how many past visits are listed


@login_not_required
@never_cache
@require_safe
def mine(request: ClinicRequest) -> HttpResponse:
    """What is coming up, and what was; guests are told how to see the rest."""
    now, own = timezone.now(), _own(request)
    upcoming = own.filter(status__in=["booked", "arrived"], end__gt=now)
    past = own.exclude(pk__in=upcoming.values("pk")).order_by("-start")
    cutoff, is_open = visits.cutoff(), request.clinic.is_open
    context = {
        "upcoming": [
            (
                each,
                is_open and each.is_cancellable(now, cutoff),
                visits.closing(each, cutoff),
            )
            for each in upcoming
        ],
        "past": past[:_PAST],
    }
    name = "" if isinstance(request.user, User) else "_guest"
    return render(request, f"bookings/appointments{name}.html", context)


@login_not_required
@never_cache
@require_safe
def one(request: ClinicRequest, reference: str) -> HttpResponse:
    """One visit; right after booking, the page that says so."""
    visit = visits.opened(request, reference)
    if visit is None:
        return visits.closed(request)
    now = timezone.now()
    is_new = held.has_made(request.session, visit) and now - visit.created_at < _FRESH
    is_done = is_new and visit.version == 1
    return render(
        request,
        "bookings/appointment.html",
        visits.facts_of(request, visit) | {"is_done": is_done},
    )


@login_not_required
@never_cache
@require_safe
def calendar(request: ClinicRequest, reference: str) -> HttpResponse:
    """The visit as a calendar file."""
    visit = visits.opened(request, reference)
    if visit is None:
        return visits.closed(request)
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
    visit = visits.opened(request, reference)
    if visit is None:
        return visits.closed(request)
    context = visits.facts_of(request, visit)
    if request.method != "POST":
        return render(request, "bookings/cancel.html", context)
    try:
        appointments.cancel(
            appointment_id=visit.pk,
            by=request.user if isinstance(request.user, User) else None,
            via=Appointment.Via.PAGE,
            version=visits.version_seen(request),
        )
    except AlreadyCancelledError:
        pass  # sent twice: it is as was wished
    except BookingError as error:
        status = 503 if error.code == "unavailable" else 409
        fresh = visits.opened(request, reference) or visit
        context = visits.facts_of(request, fresh) | {"refusal": str(error)}
        return render(request, "bookings/cancel.html", context, status=status)
    return redirect(str(context["visit_url"]))


def _own(request: ClinicRequest) -> QuerySet[Appointment]:
    """Visits of a member's family; of a guest, what this browser has booked."""
    rows = Appointment.objects.select_related(
        "doctor", "service", "location", "patient"
    )
    if isinstance(request.user, User):
        return rows.filter(patient__in=Patient.objects.of_user(request.user))
    return rows.filter(pk__in=held.made(request.session))
