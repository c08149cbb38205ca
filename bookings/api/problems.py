"""Errors of the API as `application/problem+json` (RFC 9457), each under one code."""

import logging
from collections.abc import Mapping
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from bookings.api.repeats import replay
from bookings.api.serializers import instant
from bookings.errors import (
    BookingError,
    NotOfferedError,
    SlotBusyError,
    SlotHeldError,
    UnavailableError,
)
from bookings.once import Replay

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"

# code → HTTP status and title. Codes are stable; titles are for people.
PROBLEMS: dict[str, tuple[int, str | Promise]] = {
    "slot_taken": (409, _("Time taken")),
    "slot_held": (409, _("Time on hold")),
    "slot_busy": (409, _("Time contended")),
    "hold_expired": (410, _("Hold ended")),
    "too_late": (409, _("Too late")),
    "already_cancelled": (409, _("Cancelled before")),
    "not_offered": (409, _("Time not offered")),
    "patient_busy": (409, _("Patient busy")),
    "plan_limit": (409, _("Plan used up")),
    "wrong_state": (409, _("Visit has moved on")),
    "version_mismatch": (412, _("Changed meanwhile")),
    "idempotency_in_flight": (409, _("Still being worked on")),
    "idempotency_mismatch": (422, _("Key used before")),
    "invalid": (400, _("Invalid request")),
    "not_authenticated": (401, _("Log-in needed")),
    "forbidden": (403, _("Not allowed")),
    "not_found": (404, _("Not found")),
    "method_not_allowed": (405, _("Method not allowed")),
    "not_acceptable": (406, _("Not acceptable")),
    "too_large": (413, _("Request too large")),
    "unsupported_media_type": (415, _("Send JSON")),
    "throttled": (429, _("Too many requests")),
    "error": (500, _("Our mistake")),
    "unavailable": (503, _("Not available just now")),
}
_CODES_OF_STATUS = {
    400: "invalid",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "throttled",
}


class TooLargeError(exceptions.APIException):
    status_code = 413
    default_detail = _("Send at most 1 MB.")


class TakenError(BookingError):
    """Somebody has the time; with the nearest free ones, as slots of the API."""

    code = "slot_taken"
    message = _("Someone else has just taken this time.")

    def __init__(self, alternatives: list[dict[str, Any]]) -> None:
        super().__init__()
        self.alternatives = alternatives


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Turn whatever a view raised into a problem (DRF's `EXCEPTION_HANDLER`)."""
    del context
    if isinstance(error, Replay):
        return replay(error.answer)
    error = _translated(error)
    if isinstance(error, BookingError):
        return of_booking(error)
    if isinstance(error, exceptions.APIException):
        return _of_api(error)
    logger.error("unforeseen error in the API", exc_info=error)
    return problem("error", _("We could not do this. Please try again later."))


def problem(
    code: str,
    detail: str | Promise,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """Make the answer that tells of one problem."""
    body = body_of(code, detail, **more)
    return Response(body, body["status"], headers=headers, content_type=MEDIA_TYPE)


def body_of(code: str, detail: str | Promise, **more: Any) -> dict[str, Any]:
    status, title = PROBLEMS[code]
    return {
        "type": f"urn:slotwell:problem:{code}",
        "title": str(title),
        "status": status,
        "detail": str(detail),
        "code": code,
        **more,
    }


def _translated(error: Exception) -> Exception:
    """Say in our words what Django and the database say in theirs."""
    match error:
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            return TooLargeError()
        case OperationalError() | InterfaceError():
            logger.warning("the database did not answer: %r", error)
            return UnavailableError()
        case IntegrityError():  # nothing was written; somebody was there first
            logger.error("a constraint that no action foresees", exc_info=error)
            return SlotBusyError()
        case DataError():
            logger.error("a value that no check foresees", exc_info=error)
            return exceptions.ParseError(_("A value is out of range."))
    return error


def of_booking(error: BookingError) -> Response:
    """Make the answer that tells why nothing was booked, held, moved or cancelled."""
    more: dict[str, Any] = {}
    headers: dict[str, str] = {}
    match error:
        case TakenError():
            more["alternatives"] = error.alternatives
        case SlotHeldError():
            more["held_until"] = instant(error.held_until)
        case NotOfferedError():
            more["reason"] = str(error.reason)
    if retry_after := getattr(error, "retry_after", None):
        headers["Retry-After"] = str(retry_after)
    return problem(error.code, str(error), headers=headers, **more)


def _of_api(error: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(ceil(getattr(error, "wait", None) or 1))
    code = _CODES_OF_STATUS.get(error.status_code, "error")
    if isinstance(error, exceptions.ValidationError):
        detail = _("Some of what was sent cannot be used. See errors.")
        errors = _by_field(error.detail)
        return problem(code, detail, headers=headers, errors=errors)
    return problem(code, str(error.detail), headers=headers)


def _by_field(detail: Any, within: str = "") -> dict[str, list[str]]:
    """Flatten to `{field: [texts]}`; a field of `patient` is `patient.name`."""
    if not isinstance(detail, dict):
        return {within or "body": [str(each) for each in detail]}
    found: dict[str, list[str]] = {}
    for name, inner in detail.items():
        if name == "non_field_errors":
            name = ""
        found |= _by_field(inner, ".".join(filter(None, (within, str(name)))))
    return found
