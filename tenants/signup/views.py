"""Pages of the sign-up, on the public site: form, code, another address, ready."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import codes, limits
from accounts.forms import CodeForm
from accounts.mail import FAILURES
from tenants.http import PlatformRequest
from tenants.models import Clinic
from tenants.provisioning import AddressTakenError
from tenants.signup import addresses, caps, mail, making, welcome, wishes
from tenants.signup.forms import AddressForm, SignupForm
from tenants.signup.wishes import Wish

logger = logging.getLogger(__name__)
page = require_http_methods(["GET", "HEAD", "POST"])
secret = sensitive_post_parameters("password", "code")


def for_wish(view: Callable[[PlatformRequest, Wish], HttpResponse]) -> Any:
    """Give the view what was told; who has told nothing is led to the form."""

    @login_not_required
    @never_cache
    @wraps(view)
    def guarded(request: PlatformRequest) -> HttpResponse:
        wish = wishes.wish_in(request.session)
        return view(request, wish) if wish else redirect("signup:start")

    return guarded


@login_not_required
@never_cache
@page
@secret
def start(request: PlatformRequest) -> HttpResponse:
    before = wishes.wish_in(request.session)
    if before and _is_same_again(request, before):
        return redirect("signup:ready")
    form = SignupForm(request.POST or None, initial=_initial(before))
    if not form.is_valid():
        made = making.clinic_of(before) if before else None
        return _page(request, "start", form, made=made)
    wish = _wish(form)
    wishes.keep(request.session, wish)
    if wait := caps.mail_wait(request, wish.email):
        return caps.too_many(request, wait)
    try:
        wishes.mail_code(request.session, wish, now=timezone.now())
    except FAILURES:
        return _mail_failed(request, "start", form)
    return redirect("signup:code")


@login_not_required
@require_safe
def check(request: PlatformRequest) -> HttpResponse:
    """Say, while it is typed, whether an address can be had (a fragment)."""
    slug = addresses.in_one_form(request.GET.get("slug", ""))
    if not slug or caps.check_wait(request):
        return HttpResponse()
    said = ""
    try:
        addresses.check(slug)
    except ValidationError as error:
        zone = request.GET.get("timezone", "")
        is_taken = error.code == "taken"
        said = addresses.said_taken(slug, zone) if is_taken else error.messages[0]
    context = {"said": said, "address": Clinic(slug=slug).platform_host}
    return render(request, "tenants/signup/_verdict.html", context)


@for_wish
@page
@secret
def code(request: PlatformRequest, wish: Wish) -> HttpResponse:
    """Take the code; the right one makes the clinic."""
    if wish.is_proven:
        return redirect("signup:ready" if wish.clinic_id else "signup:address")
    if "again" in request.POST:
        return _send_again(request, wish)
    form, now = CodeForm(request.POST or None), timezone.now()
    try:
        pending_id = wishes.pending_id(request.session, now=now)
        if form.is_valid():
            if wait := limits.code_wait(pending_id):
                return caps.too_many(request, wait)
            typed = form.cleaned_data["code"]
            return _make(request, wishes.confirm(request.session, wish, typed, now=now))
    except codes.WrongCodeError:
        form.add_error("code", _("This is not the code we sent. Look at it again."))
    except codes.CodeEndedError:
        return _page(request, "code_ended", None, status=410, wish=wish)
    return _page(request, "code", form, wish=wish)


@for_wish
@page
def address(request: PlatformRequest, wish: Wish) -> HttpResponse:
    """Choose another address: somebody has just taken the one that was wished for."""
    if wish.clinic_id:
        return redirect("signup:ready")
    if not wish.is_proven:
        return redirect("signup:code")
    form = AddressForm(
        request.POST or {"slug": wish.slug}, email=wish.email, zone=wish.timezone
    )
    if not form.is_valid() or request.method != "POST":
        return _page(request, "address", form, wish=wish)
    return _make(request, replace(wish, slug=form.cleaned_data["slug"]))


@for_wish
@require_safe
def ready(request: PlatformRequest, wish: Wish) -> HttpResponse:
    """Lead on to the clinic's own host once it is ready; until then, wait."""
    clinic = making.clinic_of(wish)
    if clinic is None:
        return redirect("signup:start")
    if clinic.status == Clinic.Status.CREATING:
        response = _page(request, "preparing", None, clinic=clinic)
        response["Refresh"] = "5"
        return response
    wish = _noted_as_ready(request, wish, clinic)
    login = clinic.url(reverse("accounts:login", settings.ROOT_URLCONF))
    link = welcome.link_for(wish, clinic)
    return _page(request, "ready", None, clinic=clinic, link=link, login=login)


def _make(request: PlatformRequest, wish: Wish) -> HttpResponse:
    """Make the clinic of a proven wish, and go on."""
    wishes.keep(request.session, wish)
    if wait := caps.clinic_wait(request):
        return caps.too_many(request, wait)
    try:
        clinic, is_new = making.make(wish)
    except AddressTakenError:
        caps.forgive_clinic(request)
        return redirect("signup:address")
    made = replace(wish, clinic_id=str(clinic.pk))
    if is_new:
        _noted_as_ready(request, made, clinic)
    elif clinic.status == Clinic.Status.CREATING:
        wishes.keep(request.session, made)
    else:  # a second click: the first one has told the owner
        caps.forgive_clinic(request)
        _noted_as_ready(request, replace(made, is_told=True), clinic)
    return redirect("signup:ready")


def _noted_as_ready(request: PlatformRequest, wish: Wish, clinic: Clinic) -> Wish:
    """Tell the owner, once; from now on the link to the clinic grows old."""
    if wish.ready_at:
        return wish
    noted = replace(wish, ready_at=timezone.now().timestamp(), is_told=True)
    wishes.keep(request.session, noted)
    if not wish.is_told:
        mail.send_ready(clinic, wish.email)
    return noted


def _send_again(request: PlatformRequest, wish: Wish) -> HttpResponse:
    if wait := caps.mail_wait(request, wish.email):
        return caps.too_many(request, wait)
    try:
        wishes.mail_code(request.session, wish, now=timezone.now())
    except FAILURES:
        return _mail_failed(request, "code", CodeForm({}), wish=wish)
    return _page(request, "code", CodeForm(), wish=wish, is_sent_again=True)


def _is_same_again(request: PlatformRequest, made: Wish) -> bool:
    """Whether the form is sent once more whose clinic is made already."""
    told = request.POST
    return bool(made.clinic_id) and (
        addresses.in_one_form(told.get("slug", "")) == made.slug
        and told.get("email", "").strip().lower() == made.email
    )


def _initial(before: Wish | None) -> dict[str, str]:
    """Fill in what was told before, unless a clinic has come of it."""
    if before is None or before.clinic_id:
        return {}
    names = ("name", "slug", "timezone", "owner", "email")
    return {name: getattr(before, name) for name in names}


def _wish(form: SignupForm) -> Wish:
    told = form.cleaned_data
    return Wish(
        name=told["name"],
        slug=told["slug"],
        timezone=told["timezone"],
        owner=told["owner"],
        email=told["email"],
        password=wishes.hashed(told["password"]),
    )


def _page(
    request: PlatformRequest,
    name: str,
    form: BaseForm | None,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Show a page; a form with its errors, if it has any, under status 422."""
    status = 422 if form and form.errors and request.method == "POST" else status
    context = {**context, "form": form}
    return render(request, f"tenants/signup/{name}.html", context, status=status)


def _mail_failed(
    request: PlatformRequest, name: str, form: BaseForm, **context: Any
) -> HttpResponse:
    logger.exception("A code for a sign-up could not be sent")
    form.errors.clear()
    form.add_error(
        None,
        _(
            "We could not send mail just now. Wait a minute, then press the button again."
        ),
    )
    response = _page(request, name, form, **context)
    response.status_code = 503
    response["Retry-After"] = "60"
    return response
