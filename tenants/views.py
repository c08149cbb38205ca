"""The public site (BASE_DOMAIN itself), and the answers to load balancers."""

import psycopg
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenants.http import PlatformRequest
from tenants.models import Clinic

# libpq waits for no connection shorter than that.
_PATIENCE = 2  # seconds
# What a clinic's host has for whom: path, icon, title, hint.
_DOORS = (
    ("", "search", _lazy("For patients"), _lazy("Find a doctor and a time")),
    (
        "admin/",
        "calendar",
        _lazy("For staff"),
        _lazy("Log in to the clinic’s appointments"),
    ),
    ("api/v1/docs/", "link", _lazy("For developers"), _lazy("The API, described")),
)


@login_not_required
@require_safe
def home(request: PlatformRequest) -> HttpResponse:
    demo = Clinic.objects.active().order_by("slug")[:6] if settings.DEBUG else ()
    context = {"demo_clinics": demo, "doors": _DOORS}
    return render(request, "tenants/home.html", context)


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process is up, whatever the database does."""
    del request
    return _plain("ok")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers, within two seconds and on any host."""
    del request
    try:
        _ask_database()
    except psycopg.Error:
        response = _plain("the database does not answer", status=503)
        response["Retry-After"] = "5"
        return response
    return _plain("ok")


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Send browsers that guess the address (in the admin) to our mark."""
    del request
    return redirect(static("img/mark.svg"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    del request, exception
    return _error(
        400,
        _("We cannot read this request"),
        _("Something in the address or in what was sent is not as it should be."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    del request, exception
    return _error(
        403,
        _("This page is not for you"),
        _("Log in with an account that may see it."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    del request, exception
    return _error(
        404,
        _("We cannot find this page"),
        _("The address may be mistyped, or the link may be an old one."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    del request
    return _error(
        500,
        _("Something went wrong on our side"),
        _("It is written down for us. Try again in a minute."),
    )


def _ask_database() -> None:
    """Ask over a connection of its own: the pool would wait for longer than we may.

    Raises:
        psycopg.Error: no answer.
    """
    params = connection.get_connection_params() | {
        "connect_timeout": _PATIENCE,
        "options": f"-c statement_timeout={_PATIENCE * 1000}",
        "tcp_user_timeout": _PATIENCE * 1000,
    }
    with psycopg.connect(**params) as asked:
        asked.execute("SELECT 1")


def _plain(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{text}\n", content_type="text/plain", status=status)


def _error(status: int, title: str, text: str) -> HttpResponse:
    """Render without the request: an error page asks neither session nor database."""
    context = {"title": title, "text": text}
    return HttpResponse(render_to_string("tenants/error.html", context), status=status)
