"""Moving a visit to another time of its doctor: choose, be asked once more, moved."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from bookings.actions import appointments
from bookings.errors import BookingError
from bookings.models import Appointment, Slot
from bookings.pages import visits
from bookings.pages.clocks import clocks_of
from bookings.pages.dates import asked_day
from bookings.pages.day import DayPage, first_day
from bookings.pages.refusals import Refusal, refusal_of
from tenants.http import ClinicRequest


@dataclass(frozen=True)
class MovePage(DayPage):
    """A day of times whose buttons move a visit; its links carry the visit's key."""

    visit: Appointment | None = None
    query: str = ""

    @property
    def path(self) -> str:
        reference = self.visit.reference if self.visit else ""
        return reverse("bookings:move", args=[reference]) + self.query

    def url_of(self, day: date) -> str:
        joint = "&" if self.query else "?"
        return f"{self.path}{joint}date={day.isoformat()}"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: ClinicRequest, reference: str) -> HttpResponse:
    """Show times to move to; POST `slot` asks once more, with `sure` it moves."""
    visit = visits.opened(request, reference)
    if visit is None:
        return visits.closed(request)
    facts = visits.facts_of(request, visit)
    if not facts["may_change"]:
        return redirect(str(facts["cancel_url"]))  # says why, and whom to call
    if request.method != "POST":
        today = timezone.now().astimezone(visit.doctor.zone).date()
        asked = asked_day(request.GET.get("date", ""), today)
        return _times(request, visit, asked.day, asked.note)
    slot = _slot(visit, request.POST.get("slot", ""))
    if "sure" not in request.POST:
        start = slot.start.astimezone(visit.doctor.zone)
        context = facts | {"slot": slot, "start": start}
        return render(request, "bookings/move_confirm.html", context)
    return _move(request, visit, slot)


def _move(request: ClinicRequest, visit: Appointment, slot: Slot) -> HttpResponse:
    try:
        appointments.reschedule(
            appointment_id=visit.pk,
            slot_id=slot.pk,
            by=request.user if isinstance(request.user, User) else None,
            via=Appointment.Via.PAGE,
            version=visits.version_seen(request),
        )
    except BookingError as error:
        now = timezone.now()
        refusal = refusal_of(error, slot, visit.service, now, is_move=True)
        day = slot.start.astimezone(visit.doctor.zone).date()
        return _times(request, visit, day, refusal)
    return redirect(str(visits.facts_of(request, visit)["visit_url"]))


def _times(
    request: ClinicRequest,
    visit: Appointment,
    on: date | None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    now = timezone.now()
    doctor, service = visit.doctor, visit.service
    today = now.astimezone(doctor.zone).date()
    shown = max(on or first_day(doctor, service, now, is_move=True), today)
    query = str(visits.facts_of(request, visit)["query"])
    page = MovePage(doctor, service, shown, now, None, visit, query, is_move=True)
    context = visits.facts_of(request, visit) | {
        "page": page,
        "clocks": clocks_of(request, doctor.zone, now),
        "refusal": refusal,
    }
    is_fragment = bool(request.htmx) and not request.htmx.history_restore_request
    name = "_day" if is_fragment and request.method != "POST" else "move"
    response = render(request, f"bookings/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return refusal.mark(response) if refusal else response


def _slot(visit: Appointment, raw: str) -> Slot:
    try:
        slot_id = UUID(raw)
    except ValueError:
        raise Http404 from None
    slots = Slot.objects.select_related("doctor__default_service")
    return get_object_or_404(slots, pk=slot_id, doctor=visit.doctor_id)
