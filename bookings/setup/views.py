"""The pages of the set-up: one for each step, and one that says patients can book."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import roles
from bookings.actions.entries import Actor
from bookings.errors import BookingError, UndecidedError
from bookings.models import Appointment, Doctor, Practice
from bookings.pages.soonest import Soonest, soonest
from bookings.setup import doctor, look, place, rows, steps, visits
from bookings.setup.fields import StepForm
from bookings.setup.kinds import KINDS, kind_named
from bookings.setup.steps import Step
from tenants.http import MemberRequest

View = Callable[..., HttpResponse]
page = require_http_methods(["GET", "HEAD", "POST"])


def for_owner(view: View) -> View:
    """Let in only who may change the clinic's settings; LOGIN_URL is for strangers."""

    @wraps(view)
    def guarded(request: MemberRequest) -> HttpResponse:
        if not roles.may(request.user, "bookings.change_practice"):
            raise PermissionDenied
        return view(request)

    return never_cache(guarded)


@require_safe
@for_owner
def start(request: MemberRequest) -> HttpResponse:
    """Go on where the owner stopped; after the last step, say what is next."""
    practice = Practice.load()
    step = steps.first_open(practice)
    if step:
        return redirect(step.url)
    missing = steps.missing(practice)
    context = {
        "missing": missing,
        "has_doctor": steps.DOCTOR not in missing,
        "next": next_time(),
        "link": request.clinic.url(),
    }
    return render(request, "bookings/setup/end.html", context)


@page
@for_owner
def place_step(request: MemberRequest) -> HttpResponse:
    return _step(request, steps.PLACE, place.form)


@page
@for_owner
def services_step(request: MemberRequest) -> HttpResponse:
    chosen = request.POST.get("kind") or request.GET.get("kind") or ""

    def form(data: Any = None, files: Any = None) -> visits.VisitsForm:
        del files
        return visits.VisitsForm(data, kind=kind_named(chosen))

    return _step(request, steps.SERVICES, form, kinds=KINDS)


@page
@for_owner
def doctor_step(request: MemberRequest) -> HttpResponse:
    return _step(request, steps.DOCTOR, doctor.form, offered=doctor.offered())


@page
@for_owner
def look_step(request: MemberRequest) -> HttpResponse:
    return _step(request, steps.LOOK, look.form)


def next_time() -> Soonest | None:
    """The next time that patients can book, of whom and for what."""
    doctors = Doctor.objects.listed()
    wanted = {each: each.default_service for each in doctors}
    found = soonest(wanted, now=timezone.now(), times=1)
    return next((each for each in found if each.times), None)


def _step(
    request: MemberRequest, step: Step, make: Callable[..., StepForm], **more: Any
) -> HttpResponse:
    """Ask, or save and go on, or leave it for later."""
    if "skip" in request.POST:
        _skip(step)
        return redirect("setup:start")
    is_sent = request.method == "POST"
    form = make(request.POST, request.FILES) if is_sent else make()
    if is_sent and form.is_valid() and _is_saved(form, request):
        return redirect("setup:start")
    context = {"step": step, "total": len(steps.STEPS), "form": form, **more}
    status = 422 if is_sent else 200
    return render(request, f"bookings/setup/{step.name}.html", context, status=status)


def _is_saved(form: StepForm, request: MemberRequest) -> bool:
    """Save; what stands against it is said on the page, with all that was typed."""
    try:
        form.save(by=Actor(request.user, Appointment.Via.DESK))
    except UndecidedError:
        form.add_error(
            None,
            _(
                "Patients have booked times that this would take away. Change it under "
                "“For staff”, where you decide about each visit."
            ),
        )
    except BookingError as error:
        form.add_error(None, str(error))
    return not form.errors


def _skip(step: Step) -> None:
    with transaction.atomic():
        rows.take_down(rows.locked_practice(), step)
