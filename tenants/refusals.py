"""Answers that no view gives: before one is chosen, or instead of it."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

API = "/api/"


def unavailable(request: HttpRequest, *, seconds: int = 5) -> HttpResponse:
    """Say that nothing can be done just now. It asks nothing of the database.

    Args:
        seconds: after which asking again makes sense.
    """
    text = _("Nothing you booked is lost. Please try again in a moment.")
    return _unavailable(request.path_info, text, seconds)


def overloaded(path: str) -> HttpResponse:
    """Say that more is asked than can be done; nothing of the request was read."""
    text = _("Many people are here right now. Please try again in a moment.")
    return _unavailable(path, text, seconds=1)


def _unavailable(path: str, text: str, seconds: int) -> HttpResponse:
    title = _("We cannot do this just now")
    headers = {"Retry-After": str(seconds)}
    if path.startswith(API):
        return problem(503, "unavailable", title, text, headers=headers)
    words = {"title": title, "text": text}
    page = render_to_string("tenants/unavailable.html", words)
    return HttpResponse(page, status=503, headers=headers)


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Tell a program what is the matter (RFC 9457)."""
    body = {
        "type": f"urn:slotwell:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    kind = "application/problem+json"
    return JsonResponse(body, status=status, headers=headers, content_type=kind)
