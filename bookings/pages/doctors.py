"""One doctor's times: the page, its fragment for live re-checks, and choosing a time."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from accounts import throttle
from bookings.errors import BookingError
from bookings.models import Doctor, Service, Slot
from bookings.pages import held, limits
from bookings.pages.clocks import clocks_of
from bookings.pages.dates import asked_day
from bookings.pages.day import DayPage, first_day, mark_of
from bookings.pages.grounds import Grounds, kept_by
from bookings.pages.refusals import Refusal, refusal_of
from tenants.http import ClinicRequest


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def doctor(request: ClinicRequest, slug: str) -> HttpResponse:
    """Show a day of times; POST `slot` to hold one of them."""
    shown = get_object_or_404(Doctor.objects.listed(), slug=slug)
    now = timezone.now()
    if request.method == "POST":
        return _choose(request, shown, now)
    kept = kept_by(request)
    grounds = Grounds(shown, now) if kept is not None else None
    page, note = _page_of(request, shown, now)
    if grounds and kept is not None:
        is_asked = request.GET.get("date") == page.on.isoformat()
        kept |= grounds.of(page, is_asked=is_asked)
    if not _wants_fragment(request) or (note and note.status != 200):
        return _answer(request, page, note)
    mark = _mark_of(request, page)
    if mark in parse_etags(request.headers.get("If-None-Match", "")):
        return _mark(HttpResponse(status=304), mark)
    return _mark(_answer(request, page, note), mark)


def _choose(request: ClinicRequest, shown: Doctor, now: datetime) -> HttpResponse:
    if "continue" in request.POST:
        return _go(request, reverse("bookings:book"))
    slot = _slot_of(shown, request.POST.get("slot", ""))
    service = _service_of(shown, request.POST.get("service", ""))
    if wait := limits.booking_wait(request):
        return limits.too_many(request, wait)
    try:
        hold = held.place(
            request.session,
            slot.pk,
            service,
            address=throttle.capped_address(request),
        )
    except BookingError as error:
        day = slot.start.astimezone(shown.zone).date()
        refusal = refusal_of(error, slot, service, now)
        page = DayPage(shown, service, day, now, held.current(request.session, now))
        return _answer(request, page, refusal=refusal)
    return _go(request, reverse("bookings:confirm", args=[hold.pk]))


def _page_of(
    request: ClinicRequest, shown: Doctor, now: datetime
) -> tuple[DayPage, Refusal | None]:
    """Read what is asked for; also tell what is to be said about the date."""
    service = _service_of(shown, request.GET.get("service", ""))
    mine = held.current(request.session, now)
    today = now.astimezone(shown.zone).date()
    asked = asked_day(request.GET.get("date", ""), today)
    on = asked.day or first_day(shown, service, now)
    return DayPage(shown, service, on, now, mine), asked.note


def _answer(
    request: ClinicRequest, page: DayPage, refusal: Refusal | None = None
) -> HttpResponse:
    clocks = clocks_of(request, page.doctor.zone, page.now)
    context = {"page": page, "clocks": clocks, "refusal": refusal}
    name = "_day" if _wants_fragment(request) else "doctor"
    response = render(request, f"bookings/{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    patch_cache_control(response, private=True, no_store=True)
    return refusal.mark(response) if refusal else response


def _go(request: ClinicRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _wants_fragment(request: ClinicRequest) -> bool:
    return bool(request.htmx) and not request.htmx.history_restore_request


def _mark_of(request: ClinicRequest, page: DayPage) -> str:
    hold = page.held and page.held.hold
    return mark_of(
        [page.doctor.pk],
        page.first,
        page.reach,
        page.now,
        str(page.service.pk),
        page.on.isoformat(),
        hold and f"{hold.pk} {hold.expires_at}",
        request.GET.get("clock"),
        request.GET.get("tz"),
        request.COOKIES.get("tz"),
    )


def _mark(response: HttpResponse, mark: str) -> HttpResponse:
    response["ETag"] = mark
    response["Vary"] = "HX-Request, Cookie"
    response["Cache-Control"] = "private, no-cache"
    return response


def _service_of(shown: Doctor, raw: str) -> Service:
    """The service asked for, by address; an unknown one is the doctor's default."""
    offered = (each for each in shown.services.all() if each.is_active)
    return next((each for each in offered if each.slug == raw), shown.default_service)


def _slot_of(shown: Doctor, raw: str) -> Slot:
    try:
        slot_id = UUID(raw)
    except ValueError:
        raise Http404 from None
    slots = Slot.objects.select_related("doctor__default_service")
    return get_object_or_404(slots, pk=slot_id, doctor=shown)
