"""What no page should have to catch: unreadable addresses, a database that is away."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

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

    def process_view(
        self, request: HttpRequest, *_view: object
    ) -> HttpResponseBase | None:
        """Load who asks here: exceptions in middleware never reach the method below."""
        try:
            bool(request.user.is_authenticated)
        except (OperationalError, InterfaceError) as error:
            logger.warning("not served: %r", error)
            return errors.unavailable(request)
        return None

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


class PageSessionMiddleware(SessionMiddleware):
    """Saves a session again on a fresh connection if the first was lost.

    Django would call it interrupted, as if somebody had logged out meanwhile.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        for _try in range(2):
            try:
                return super().process_response(request, response)
            except (SessionInterrupted, OperationalError, InterfaceError) as error:
                if not _is_loss(error):
                    raise
                logger.warning("session not saved: %r", error)
                connection.close()  # the next try gets another one
        return errors.unavailable(request)


def _is_loss(error: BaseException | None) -> bool:
    """Whether a lost connection is behind an error."""
    while error is not None and not isinstance(
        error, OperationalError | InterfaceError
    ):
        error = error.__context__
    return error is not None


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
