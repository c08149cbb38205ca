"""Support enters a clinic here, at the clinic's host, and may send nothing afterwards."""

from collections.abc import Callable
from typing import Any

from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import roles
from tenants import support
from tenants.http import ClinicRequest
from tenants.lifecycle import NotNowError
from tenants.models import SupportVisit
from tenants.refusals import API, problem

_TOKEN = "support_link"  # noqa: S105 (in the session: addresses get into logs)
_BACKEND = "accounts.backends.EmailBackend"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What support may send: itself out, and in again.
_OWN_DOORS = ("/account/logout/", "/admin/logout/", "/account/support/")


class ReadingOnlyMiddleware:
    """Refuses what support sends, before any view or the API sees it.

    Roles give support no button either; this holds for the doors that ask for no role.
    """

    def __init__(self, get_response: Callable[[Any], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: Any, *_view: object) -> HttpResponseBase | None:
        if request.method in _SAFE or request.clinic is None:
            return None
        if not roles.is_support(request.user) or request.path_info in _OWN_DOORS:
            return None
        if request.path_info.startswith(API):
            return problem(
                403, "forbidden", _("Not allowed"), _("Support may only read.")
            )
        return render(request, "tenants/support/reading.html", status=403)


@login_not_required
@never_cache
@require_safe
def link(request: ClinicRequest, token: str) -> HttpResponse:
    """Take the token out of the address, before a log or a page can tell it."""
    request.session[_TOKEN] = token
    return redirect("support-enter")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: ClinicRequest) -> HttpResponse:
    """Say what the link opens; open it once the button is pressed."""
    token = request.session.get(_TOKEN, "")
    try:
        if request.method == "POST":
            return _let_in(request, token)
        visit = support.visit_of(token, request.clinic)
    except support.VisitEndedError:
        return render(request, "tenants/support/ended.html", status=410)
    except NotNowError as error:
        said = {"said": str(error)}
        return render(request, "tenants/support/ended.html", said, status=409)
    return render(request, "tenants/support/enter.html", _words(request, visit))


def _let_in(request: ClinicRequest, token: str) -> HttpResponse:
    visit, user = support.enter(token, request.clinic)
    request.session.flush()  # nothing of whoever was in this browser goes along
    auth.login(request, user, backend=_BACKEND)
    request.session.set_expiry(visit.ends_at)
    return redirect(reverse("admin:index"))


def _words(request: ClinicRequest, visit: SupportVisit) -> dict[str, Any]:
    zone = request.clinic.zone
    return {
        "visit": visit,
        "until": time_format(visit.ends_at.astimezone(zone), "H:i"),
        "zone": request.clinic.timezone,
    }
