"""What no page should have to catch: unreadable addresses, a database that is away."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponseBase

from bookings.errors import BookingError, UnavailableError
from bookings.pages import errors

logger = logging.getLogger(__name__)


class PageErrorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_unreadable(request):
            return errors.bad_request(request)  # type: ignore[arg-type]
        response = self.get_response(request)
        if settings.DEBUG and response.status_code == 404 and _is_nowhere(request):
            return errors.not_found(request)  # type: ignore[arg-type]
        return response

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        if isinstance(exception, OperationalError | InterfaceError | UnavailableError):
            logger.warning("not served: %r", exception)
            return errors.unavailable(request)
        if isinstance(exception, Http404) and getattr(request, "clinic", None):
            return errors.not_found(request)  # type: ignore[arg-type]
        if isinstance(exception, BookingError):
            return errors.answer(request, 409, exception.code, str(exception), "")
        return None


def _is_nowhere(request: HttpRequest) -> bool:
    """No address of a clinic: Django would list ours, under DEBUG."""
    return request.resolver_match is None and bool(getattr(request, "clinic", None))


def _is_unreadable(request: HttpRequest) -> bool:
    """PostgreSQL takes no NUL and UTF-8 no lone surrogate; neither is ever meant."""
    query = request.META.get("QUERY_STRING", "")
    return any(
        "\x00" in text or "%00" in text or any("\ud800" <= c <= "\udfff" for c in text)
        for text in (request.path_info, query)
    )
