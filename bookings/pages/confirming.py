"""From a held time to a booking: who is it for, check your answers, book."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts import throttle
from accounts.models import User
from bookings import locking
from bookings.actions import appointments, holds
from bookings.errors import BookingError, HoldExpiredError
from bookings.models import Appointment, Hold, Practice, Slot
from bookings.pages import held, limits, refusals
from bookings.pages.clocks import clocks_of
from bookings.pages.held import HeldTime
from bookings.pages.person import PersonForm
from bookings.pages.refusals import Refusal
from tenants.http import ClinicRequest


@login_not_required
@never_cache
@require_safe
def current(request: ClinicRequest) -> HttpResponse:
    """Go to the time that this browser holds, or to where one is chosen."""
    mine = held.current(request.session, locking.clock())
    if mine is None:
        return redirect("bookings:home")
    return redirect("bookings:confirm", mine.hold.pk)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("name", "dob", "email", "tel", "reason")
def confirm(request: ClinicRequest, hold_id: UUID) -> HttpResponse:
    """Ask who the visit is for; POST books it, or renews, or takes another time."""
    token = held.token_of(request.session, hold_id)
    hold = _hold(hold_id) if token else None
    if hold is None:
        return redirect("bookings:home")
    if hold.appointment:  # sent twice, or opened again by Back
        held.remember(request.session, hold.appointment)
        return redirect("bookings:appointment", hold.appointment.reference)
    if request.method != "POST":
        return _page(request, hold, _form(request, hold))
    if "extend" in request.POST:
        return _extend(request, hold, token)
    if "slot" in request.POST:
        return _retake(request, hold)
    return _book(request, hold, token)


@login_not_required
@never_cache
@require_POST
def release(request: ClinicRequest, hold_id: UUID) -> HttpResponse:
    """Let the time go, and show the day it was on."""
    token = held.token_of(request.session, hold_id)
    hold = _hold(hold_id) if token else None
    if hold is None:
        return redirect("bookings:home")
    holds.release(token)
    return redirect(HeldTime(hold, locking.clock()).day_url)


def _book(request: ClinicRequest, hold: Hold, token: str) -> HttpResponse:
    form = _form(request, hold, request.POST)
    if not form.is_valid():
        return _page(request, hold, form, status=422)
    if wait := limits.booking_wait(request):
        return limits.too_many(request, wait)
    try:
        appointment = appointments.book(
            slot_id=hold.first_slot_id,
            service=hold.service,
            patient=form.patient(),
            by=request.user if isinstance(request.user, User) else None,
            via=Appointment.Via.PAGE,
            hold_token=token,
            reason=form.cleaned_data["reason"],
            language=get_language() or "",
        )
    except BookingError as error:
        return _page(request, hold, form, _refusal(error, hold))
    held.remember(request.session, appointment)
    return redirect("bookings:appointment", appointment.reference)


def _extend(request: ClinicRequest, hold: Hold, token: str) -> HttpResponse:
    """Start the minutes anew; what was typed stays, and is not judged yet."""
    try:
        renewed = holds.renew(token)
    except HoldExpiredError as error:
        if hold.is_live(locking.clock()):
            text = _("We cannot keep this time any longer than it says below.")
            return _page(request, hold, _typed(request, hold), Refusal(text, 409))
        return _page(request, hold, _typed(request, hold), _refusal(error, hold))
    hold.expires_at = renewed.expires_at
    return _page(request, hold, _typed(request, hold))


def _retake(request: ClinicRequest, former: Hold) -> HttpResponse:
    """Hold the same time again, or another one, with all that was typed."""
    try:
        slot = Slot.objects.select_related("doctor").get(
            pk=request.POST["slot"], doctor=former.doctor_id
        )
    except (Slot.DoesNotExist, ValueError, ValidationError):
        raise Http404 from None
    if wait := limits.booking_wait(request):
        return limits.too_many(request, wait)
    try:
        made = held.place(
            request.session,
            slot.pk,
            former.service,
            address=throttle.capped_address(request),
        )
    except BookingError as error:
        typed = _typed(request, former)
        return _page(request, former, typed, _refusal(error, former, slot))
    hold = _hold(made.pk)
    return _page(request, hold, _typed(request, hold)) if hold else redirect("/")


def _refusal(error: BookingError, hold: Hold, other: Slot | None = None) -> Refusal:
    """Say why; of a hold's own time first of all that the hold is over, if it is."""
    now = locking.clock()
    if other is None and not hold.is_live(now):
        return refusals.ended(hold.first_slot, hold.service, now)
    return refusals.refusal_of(error, other or hold.first_slot, hold.service, now)


def _page(
    request: ClinicRequest,
    hold: Hold,
    form: PersonForm,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the form; a hold that has ended is said first, with the way to a new one."""
    now = locking.clock()
    is_live = hold.is_live(now)
    if not is_live and refusal is None:
        refusal = refusals.ended(hold.first_slot, hold.service, now)
    context = {
        "held": HeldTime(hold, now),
        "is_live": is_live,
        "changes_until": _changes_until(hold, now),
        "clocks": clocks_of(request, hold.doctor.zone, hold.first_slot.start),
        "form": form,
        "refusal": refusal,
    }
    response = render(request, "bookings/confirm.html", context, status=status)
    return refusal.mark(response) if refusal else response


def _form(request: ClinicRequest, hold: Hold, data: Any = None) -> PersonForm:
    return PersonForm(data, user=request.user, zone=hold.doctor.timezone)


def _typed(request: ClinicRequest, hold: Hold) -> PersonForm:
    """The form as it was sent, unjudged: no error before somebody presses Book."""
    form = _form(request, hold, request.POST)
    form.full_clean()
    form.errors.clear()
    return form


def _hold(hold_id: UUID) -> Hold | None:
    rows = Hold.objects.select_related(
        "doctor", "service", "appointment", "first_slot__location"
    ).select_related("first_slot__doctor__default_service")
    return rows.filter(pk=hold_id).first()


def _changes_until(hold: Hold, now: datetime) -> datetime | None:
    """Until when the visit may be changed online; none if that is over already."""
    own = hold.service.cutoff_minutes
    minutes = Practice.load().cutoff_minutes if own is None else own
    until = hold.first_slot.start - timedelta(minutes=minutes)
    return until.astimezone(hold.doctor.zone) if until > now else None
