"""Who may open one visit, and what every page about it shows.

One visit opens by log-in, by the signed link in its mail, or in the browser that booked
it. Everybody else gets the same 404, whether or not there is such a visit.
"""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import User
from bookings.interop import links
from bookings.models import Appointment, Practice
from bookings.pages import errors, held
from tenants.http import ClinicRequest


def opened(request: ClinicRequest, reference: str) -> Appointment | None:
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


def closed(request: ClinicRequest) -> HttpResponse:
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


def facts_of(request: ClinicRequest, visit: Appointment) -> dict[str, Any]:
    """What pages of one visit show; their links carry the key that opened this one."""
    now, limit = timezone.now(), cutoff()
    key = request.GET.get(links.PARAMETER, "")
    query = f"?{urlencode({links.PARAMETER: key})}" if links.opens(key, visit) else ""
    here = [visit.reference]
    return {
        "visit": visit,
        "may_change": request.clinic.is_open and visit.is_cancellable(now, limit),
        "changes_until": closing(visit, limit),
        "first_name": visit.patient.name.split(" ")[0],
        "is_over": visit.end <= now,
        "query": query,
        "visit_url": reverse("bookings:appointment", args=here) + query,
        "cancel_url": reverse("bookings:cancel", args=here) + query,
        "move_url": reverse("bookings:move", args=here) + query,
        "calendar_url": reverse("bookings:calendar", args=here) + query,
    }


def version_seen(request: ClinicRequest) -> int | None:
    """Which version of the visit the page showed that was sent, if it says so."""
    raw = request.POST.get("version", "")
    return int(raw) if raw.isdecimal() and len(raw) < 10 else None


def closing(visit: Appointment, limit: timedelta) -> datetime:
    """Until when it can be changed online, on the clock of the place."""
    return visit.changes_close_at(limit).astimezone(visit.local_start.tzinfo)


def cutoff() -> timedelta:
    return timedelta(minutes=Practice.load().cutoff_minutes)
