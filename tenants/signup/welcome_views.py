"""A new owner enters the clinic here, at the clinic's host."""

from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import devices, roles
from accounts.http import ClinicRequest
from tenants.signup import welcome

_TOKEN = "welcome_link"  # noqa: S105 (in the session: addresses get into logs)
_BACKEND = "accounts.backends.EmailBackend"
_NEXT = "setup:start"


@login_not_required
@never_cache
def link(request: ClinicRequest, token: str) -> HttpResponse:
    """Take the token out of the address, before a log or a page can tell it.

    Of any method: a refusal would be logged, with the address.
    """
    request.session[_TOKEN] = token
    return redirect("welcome")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: ClinicRequest) -> HttpResponse:
    """Say that the clinic is ready; let its owner in once the button is pressed."""
    token = request.session.get(_TOKEN, "")
    try:
        if request.method == "POST":
            return _let_in(request, token)
        owner = welcome.owner_of(token, request.clinic.pk)
    except welcome.LinkEndedError:
        if roles.is_owner(request.user):  # back, or reloaded: it has done its work
            return redirect(_NEXT)
        return render(request, "tenants/signup/link_ended.html", status=410)
    context = {"owner": owner, "address": request.get_host()}
    return render(request, "tenants/signup/welcome.html", context)


def _let_in(request: ClinicRequest, token: str) -> HttpResponse:
    user = welcome.use(token, request.clinic.pk)
    request.session.flush()  # nothing of whoever was in this browser goes along
    auth.login(request, user, backend=_BACKEND)
    response = redirect(_NEXT)
    devices.remember(request, response, user)
    return response
