"""Pages for what went wrong, in words; the API gets problem+json instead."""

import json
import logging
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tenants.http import ClinicRequest

API = "/api/"
logger = logging.getLogger(__name__)


def bad_request(
    request: ClinicRequest, exception: Exception | None = None
) -> HttpResponse:
    del exception
    return answer(
        request,
        400,
        "invalid",
        _("We did not understand this"),
        _("The address or the form had something in it that we cannot read."),
    )


def forbidden(
    request: ClinicRequest, exception: Exception | None = None
) -> HttpResponse:
    del exception
    return answer(
        request,
        403,
        "forbidden",
        _("This is not open to you"),
        _("Your log-in does not reach here. If it should, ask your clinic."),
    )


def not_found(
    request: ClinicRequest, exception: Exception | None = None
) -> HttpResponse:
    del exception
    return answer(
        request,
        404,
        "not_found",
        _("We cannot find this page"),
        _(
            "The address may be mistyped, or the link may be an old one. "
            "Your appointments are safe."
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """The last resort: asks nothing of the database, since it may be what failed."""
    title = _("Something went wrong on our side")
    text = _("Nothing you booked is lost. Please try again in a moment.")
    if request.path.startswith(API):
        return _problem(500, "server_error", title, text)
    context = {"title": title, "text": text}
    return render(None, "bookings/plain_error.html", context, status=500)


def unavailable(request: HttpRequest, seconds: int = 5) -> HttpResponse:
    """Say that we cannot serve just now, and when to come back."""
    title = _("We cannot do this just now")
    text = _(
        "Our calendar does not answer. Nothing you booked is lost. "
        "Try again in a moment, or call us."
    )
    if request.path.startswith(API):
        response = _problem(503, "unavailable", title, text)
    else:
        context = {"title": title, "text": text}
        response = render(None, "bookings/plain_error.html", context, status=503)
    response["Retry-After"] = str(seconds)
    return response


def csrf_failure(request: ClinicRequest, reason: str = "") -> HttpResponse:
    """The form's safety token was missing or old."""
    del reason
    return answer(
        request,
        403,
        "forbidden",
        _("This form has been open for too long"),
        _("Nothing was changed. Go back, load the page again, and send it once more."),
    )


def answer(request: Any, status: int, code: str, title: str, text: str) -> HttpResponse:
    """Say what happened, as a page with ways on, or as problem+json under /api/."""
    if request.path.startswith(API):
        return _problem(status, code, title, text)
    if not getattr(request, "clinic", None) or not hasattr(request, "user"):
        template = "bookings/plain_error.html"  # before or outside the clinic
        return render(None, template, {"title": title, "text": text}, status=status)
    context = {"title": title, "text": text}
    try:
        return render(request, "bookings/error.html", context, status=status)
    except (OperationalError, InterfaceError) as error:
        # The page shows the clinic's face; nothing outside of views catches this.
        logger.warning("not served: %r", error)
        return unavailable(request)


def _problem(status: int, code: str, title: str, detail: str) -> HttpResponse:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": f"{title}. {detail}",
        "code": code,
    }
    return HttpResponse(
        json.dumps(body), status=status, content_type="application/problem+json"
    )
