"""Pages of accounts. Private all: nothing here is ever stored by a browser or proxy."""

import logging
from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts import (
    codes,
    cookies,
    destinations,
    devices,
    limits,
    mail,
    resets,
    roles,
    signup,
)
from accounts.forms import (
    ChangePasswordForm,
    CodeForm,
    LoginForm,
    NewPasswordForm,
    ProfileForm,
    ResetForm,
    SignupForm,
)
from accounts.http import ClinicRequest, MemberRequest
from accounts.models import User

logger = logging.getLogger(__name__)
_RESET_LINK = "reset_link"  # in the session: a token in an address leaks too easily
page = require_http_methods(["GET", "HEAD", "POST"])
secret = sensitive_post_parameters("password", "old_password", "code")


@login_not_required
@never_cache
@page
@secret
def log_in(request: ClinicRequest) -> HttpResponse:
    wanted = _wanted(request)
    if request.user.is_authenticated:
        return redirect(destinations.after_login(request.user, wanted))
    form = LoginForm(request.POST or None)
    if not form.is_valid():
        return _page(request, "login", form, **_onward(wanted))
    email = form.cleaned_data["email"]
    if wait := limits.login_wait(request, email):
        return limits.too_many(request, wait)
    password = form.cleaned_data["password"]
    user = auth.authenticate(request, username=email, password=password)
    if not isinstance(user, User):
        form.add_error(None, _("This email and password do not fit. Check both."))
        return _page(request, "login", form, **_onward(wanted))
    limits.login_succeeded(request, email)
    return _enter(request, user, wanted)


@login_not_required
@never_cache
@require_POST
def log_out(request: ClinicRequest) -> HttpResponse:
    auth.logout(request)
    response = redirect(settings.LOGOUT_REDIRECT_URL)
    response["Clear-Site-Data"] = '"cache"'  # Back must not show what was private
    return response


@login_not_required
@never_cache
@page
@secret
def sign_up(request: ClinicRequest) -> HttpResponse:
    wanted = _wanted(request)
    if request.user.is_authenticated:
        return redirect(destinations.after_login(request.user, wanted))
    form = SignupForm(request.POST or None)
    if not form.is_valid():
        return _page(request, "signup", form, **_onward(wanted))
    if wait := limits.mail_wait(request, form.cleaned_data["email"]):
        return limits.too_many(request, wait)
    try:
        signup.begin(request.session, request.clinic, _wish(form), now=timezone.now())
    except mail.FAILURES:
        return _mail_failed(request, "signup", form, **_onward(wanted))
    return redirect(reverse("accounts:signup-code") + _onward(wanted)["query"])


@login_not_required
@never_cache
@page
@secret
def sign_up_code(request: ClinicRequest) -> HttpResponse:
    now, wanted = timezone.now(), _wanted(request)
    form = CodeForm(request.POST or None)
    try:
        pending = signup.pending_in(request.session, now=now)
        if form.is_valid():
            if wait := limits.code_wait(pending["id"]):
                return limits.too_many(request, wait)
            code = form.cleaned_data["code"]
            user = signup.confirm(request.session, code, now=now)
            return _enter(request, user, wanted)
    except codes.WrongCodeError:
        form.add_error("code", _("This is not the code we sent. Look at it again."))
    except codes.CodeEndedError:
        context = _onward(wanted)
        return render(request, "accounts/code_ended.html", context, status=410)
    return _page(request, "code", form, **_onward(wanted), email=pending["email"])


@login_not_required
@never_cache
@page
def reset(request: ClinicRequest) -> HttpResponse:
    form = ResetForm(request.POST or None)
    if not form.is_valid():
        return _page(request, "reset", form)
    email = form.cleaned_data["email"]
    if wait := limits.mail_wait(request, email):
        return limits.too_many(request, wait)
    try:
        resets.send(request.clinic, email)
    except mail.FAILURES:
        return _mail_failed(request, "reset", form)
    return render(request, "accounts/reset_sent.html", {"email": email})


@login_not_required
@never_cache
@require_safe
def reset_link(request: ClinicRequest, uid: str, token: str) -> HttpResponse:
    """Take the token out of the address, before anything on the page can tell it."""
    request.session[_RESET_LINK] = [uid, token]
    return redirect("accounts:reset-new")


@login_not_required
@never_cache
@page
@secret
def reset_new(request: ClinicRequest) -> HttpResponse:
    uid, token = request.session.get(_RESET_LINK) or ("", "")
    user = resets.owner_of(uid, token, request.clinic)
    if user is None:
        return render(request, "accounts/reset_ended.html", status=410)
    form = NewPasswordForm(request.POST or None, user=user)
    if not form.is_valid():
        return _page(request, "reset_new", form, email=user.email)
    form.save()
    auth.logout(request)
    mail.send_password_changed(request.clinic, user.email)
    messages.success(request, _("Your new password is saved. Log in with it."))
    return redirect("accounts:login")


@never_cache
@page
@secret
def change_password(request: MemberRequest) -> HttpResponse:
    form = ChangePasswordForm(request.POST or None, user=request.user)
    if request.method == "POST" and (wait := limits.password_wait(request.user.pk)):
        return limits.too_many(request, wait)
    if not form.is_valid():
        return _page(request, "password", form)
    form.save()
    auth.update_session_auth_hash(request, request.user)
    mail.send_password_changed(request.clinic, request.user.email)
    messages.success(request, _("Your password is changed."))
    return redirect("accounts:profile")


@never_cache
@page
def profile(request: MemberRequest) -> HttpResponse:
    # A copy of the user: what is typed but refused must not show in the header.
    form = ProfileForm(request.POST or None, instance=_copy_of(request.user))
    if not form.is_valid():
        owns = roles.is_owner(request.user)
        return _page(request, "profile", form, owns_clinic=owns)
    response = redirect("accounts:profile")
    cookies.remember_language(response, form.save())
    messages.success(request, _("Your details are saved."))
    return response


def _wanted(request: ClinicRequest) -> str:
    """Return the path to go on to, from the form or, at first, from the address."""
    return destinations.own_path(request.POST.get("next") or request.GET.get("next"))


def _onward(wanted: str) -> dict[str, str]:
    """Give templates the path to go on to, for a form and for links."""
    query = f"?{urlencode({'next': wanted})}" if wanted else ""
    return {"next": wanted, "query": query}


def _enter(request: ClinicRequest, user: User, wanted: str) -> HttpResponse:
    """Log in, under a new session key, and go where the user wanted to."""
    auth.login(request, user)
    response = redirect(destinations.after_login(user, wanted))
    devices.remember(request, response, user)
    cookies.remember_language(response, user)
    return response


def _wish(form: SignupForm) -> signup.Wish:
    born = form.cleaned_data["date_of_birth"]
    return signup.Wish(
        name=form.cleaned_data["name"],
        email=form.cleaned_data["email"],
        password=form.cleaned_data["password"],
        date_of_birth=born.isoformat() if born else "",
    )


def _copy_of(user: User) -> User:
    return User.objects.get(pk=user.pk)


def _page(
    request: ClinicRequest, name: str, form: BaseForm, **context: Any
) -> HttpResponse:
    """Show a form; with its errors, if it has any, under status 422."""
    status = 422 if form.errors else 200
    context = {**context, "form": form}
    return render(request, f"accounts/{name}.html", context, status=status)


def _mail_failed(
    request: ClinicRequest, name: str, form: BaseForm, **context: Any
) -> HttpResponse:
    logger.exception("Mail about an account could not be sent")
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
