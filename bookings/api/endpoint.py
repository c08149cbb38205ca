"""What all views of the API have in common."""

from typing import Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import roles
from accounts.models import User
from bookings.actions import limits
from bookings.api.repeats import keep_refusal, once_of
from bookings.api.schema import EndpointSchema
from bookings.api.throttling import is_counted
from bookings.once import Answer, Once
from tenants.http import ClinicRequest


class JSONOnly(BaseContentNegotiation):
    """Answers in JSON whatever `Accept` says: a browser may look at an address too."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the first parser that reads the body's media type."""
        sent = request.content_type.split(";")[0].strip().lower()
        return next((each for each in parsers if each.media_type == sent), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: Any = None
    ) -> Any:
        del request, format_suffix
        return renderers[0], renderers[0].media_type


class Endpoint(APIView):
    """JSON in, JSON out; nothing of it is kept by browsers or proxies."""

    content_negotiation_class = JSONOnly
    metadata_class = None
    schema = EndpointSchema()
    once: Once | None = None  # of a POST with an Idempotency-Key

    is_repeatable = False  # may a POST be repeated by its key? Then `kept` is there

    def kept(self, result: Any) -> Answer:
        """Say what a repeat of what was done is answered."""
        raise NotImplementedError

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Strangers must not use up a clinic's month.
        if request.user.is_authenticated and not is_counted(request):
            limits.count_api_call(timezone.now())
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get(
            "CONTENT_LENGTH"
        ):
            raise exceptions.ParseError(_("Send the length of the body."))
        if request.method == "POST" and self.is_repeatable:
            self.once = once_of(request, self.kept)

    def terms(self, request: Request) -> dict[str, Any]:
        """What every POST that books, holds, cancels or moves tells its action."""
        return {"as_staff": roles.runs_desk(request.user), "once": self.once}

    def get_authenticate_header(self, request: Request) -> str:
        del request
        return "Bearer"

    def finalize_response(
        self, request: Request, response: Any, *a: Any, **k: Any
    ) -> Response:
        final: Response = super().finalize_response(request, response, *a, **k)
        final.headers.setdefault("Cache-Control", "no-store")
        if self.once:
            keep_refusal(self.once, final)
        return final


def clinic_request(request: Request) -> ClinicRequest:
    """Return Django's own request, with the clinic that the middleware put on it."""
    return cast("ClinicRequest", request._request)


def user_of(request: Request) -> User | None:
    """Return who asks, or None for a guest."""
    return request.user if isinstance(request.user, User) else None


def member(request: Request) -> User:
    """Return who asks, on an endpoint that lets nobody else in."""
    return cast("User", request.user)


def refuse_doctors(request: Request) -> None:
    """Doctors see appointments; the desk changes them.

    Raises:
        PermissionDenied: a doctor asks.
    """
    if roles.is_doctor(request.user):
        raise exceptions.PermissionDenied(_("The front desk changes appointments."))
