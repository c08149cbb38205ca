"""What a page says when a time cannot be had: what happened, and the way on."""

from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpResponse
from django.utils.translation import gettext as _

from bookings import agenda
from bookings.agenda import SlotView
from bookings.errors import (
    BookingError,
    HoldExpiredError,
    NotOfferedError,
    PatientBusyError,
    SlotBusyError,
    TooManyHoldsError,
    UnavailableError,
)
from bookings.models import Service, Slot

_STATUS: dict[type[BookingError], int] = {
    HoldExpiredError: 410,
    TooManyHoldsError: 429,
    UnavailableError: 503,
}


@dataclass(frozen=True)
class Refusal:
    """A note above the times, and up to three times to take instead."""

    text: str
    status: int
    alternatives: list[SlotView] = field(default_factory=list)
    may_retake: bool = False
    offers_call: bool = False
    retry_after: int = 0  # seconds

    def mark(self, response: HttpResponse) -> HttpResponse:
        """Give the response the status that says so to programs too."""
        response.status_code = self.status
        if self.retry_after:
            response["Retry-After"] = str(self.retry_after)
        return response


def refusal_of(
    error: BookingError,
    slot: Slot,
    service: Service,
    now: datetime,
    *,
    is_move: bool = False,
) -> Refusal:
    """Say why `service` cannot be had at `slot`, and offer what is nearest."""
    status = _STATUS.get(type(error), 409)
    if isinstance(error, SlotBusyError | UnavailableError):
        text = _("We could not book this time just now. Nothing you typed is lost.")
        return Refusal(
            text,
            status,
            may_retake=True,
            offers_call=True,
            retry_after=error.retry_after,
        )
    if isinstance(error, PatientBusyError):
        return Refusal(str(error), status)
    if isinstance(error, TooManyHoldsError):
        return Refusal(
            str(error), status, offers_call=True, retry_after=error.retry_after
        )
    if isinstance(error, HoldExpiredError):
        return ended(slot, service, now)
    nearest = agenda.alternatives(slot, service=service, now=now, is_move=is_move)
    is_rule = isinstance(error, NotOfferedError)
    return Refusal(
        _told(error, slot), status, nearest, offers_call=is_rule or not nearest
    )


def ended(slot: Slot, service: Service, now: datetime) -> Refusal:
    """Say that a hold is over, and whether the time can be taken again."""
    if is_free(slot, service, now):
        text = _(
            "Your hold has ended. %(time)s is still free, so you can take it again."
        )
        return Refusal(text % {"time": _clock(slot)}, 410, may_retake=True)
    nearest = agenda.alternatives(slot, service=service, now=now)
    text = _("Your hold has ended, and %(time)s has gone to somebody else.")
    return Refusal(text % {"time": _clock(slot)}, 410, nearest, offers_call=not nearest)


def is_free(slot: Slot, service: Service, now: datetime) -> bool:
    views = agenda.between(slot.doctor, slot.start, slot.end, service=service, now=now)
    return bool(views) and views[0].can_start


def _told(error: BookingError, slot: Slot) -> str:
    match error.code:
        case "slot_taken":
            text = _("Someone else has just taken %(time)s.")
        case "slot_held":
            text = _(
                "Someone else is holding %(time)s. It may come free in a few minutes."
            )
        case _:
            return str(error)
    return text % {"time": _clock(slot)}


def _clock(slot: Slot) -> str:
    return agenda.clock_time(slot.start.astimezone(slot.doctor.zone))
