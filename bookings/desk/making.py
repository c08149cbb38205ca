"""Does what the booking page asks for, and does it once.

The page carries a random key. What was booked is kept under it, so that a double click,
a step back or a reload shows the same booking instead of making another.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from bookings.actions import appointments, overbooking, series
from bookings.actions.series import Series
from bookings.desk import clock
from bookings.desk.booking_forms import BookingForm
from bookings.errors import BookingError, KeyInFlightError
from bookings.models import Appointment
from bookings.once import Answer, Once, Replay

Body = dict[str, Any]  # `booked`: ids; `refused`: pairs of a time and a sentence
Result = TypeVar("Result")
_KEY_LENGTH = 32
_PAUSES = (0.1, 0.3, 0.6, 1.0)  # seconds that a twin is waited for


def earlier(request: Any) -> Body | None:
    """What this very form has booked before, if it has.

    Raises:
        KeyMismatchError: the form has booked before, with other details.
    """
    once = _once(request, "")
    try:
        if once:
            once.look()
    except Replay as replay:
        return dict(replay.answer.body)
    return None


def book(request: Any, visit: dict[str, Any], form: BookingForm) -> Body:
    """Book what the forms say: one visit, a series, or one on top of others.

    Raises:
        BookingError: as the actions; nothing was written.
    """
    zone = visit["doctor"].timezone
    once = _once(request, zone)
    try:
        return _body(_patiently(lambda: _act(request, visit, form, once)), zone)
    except Replay as replay:
        return dict(replay.answer.body)


def _act(
    request: Any, visit: dict[str, Any], form: BookingForm, once: Once | None
) -> Appointment | Series:
    given = form.cleaned_data
    terms: dict[str, Any] = {
        "slot_id": UUID(given["slot"]),
        "service": visit["service"],
        "patient": form.person(),
        "by": request.user,
        "via": Appointment.Via.DESK,
        "reason": given["reason"],
        "once": once,
    }
    if given["times"] > 1:
        return series.book_series(
            times=given["times"],
            every_weeks=given["every_weeks"],
            at_least=given["at_least"],
            as_staff=True,
            **terms,
        )
    if given["slot"] in form.offered.refused:
        return overbooking.overbook(why=given["why"], **terms)
    return appointments.book(as_staff=True, **terms)


def week_by_week(
    refused: list[tuple[datetime, BookingError]], zone: str
) -> list[tuple[str, str]]:
    """Which visits of a series cannot be had: times and sentences."""
    return [(clock.wall(at, zone), str(error)) for at, error in refused]


def _once(request: Any, zone: str) -> Once | None:
    """The page's key; without one, each sending books."""
    sent = request.POST.copy()
    sent.pop("csrfmiddlewaretoken", None)
    key = (sent.pop("nonce", None) or [""])[-1]
    if len(key) != _KEY_LENGTH or not key.isalnum():
        return None
    asked = urlencode(sorted([*request.GET.lists(), *sent.lists()]), doseq=True)
    return Once(
        caller=f"desk:{request.user.pk}",
        key=key,
        request=asked.encode(),
        answer=lambda made: Answer(201, _body(made, zone)),
    )


def _patiently(act: Callable[[], Result]) -> Result:
    """Wait for a twin that was sent a moment earlier, to show what it has booked."""
    for pause in _PAUSES:
        try:
            return act()
        except KeyInFlightError:
            time.sleep(pause)
    return act()


def _body(made: Appointment | Series, zone: str) -> Body:
    if isinstance(made, Appointment):
        return {"booked": [str(made.pk)], "refused": []}
    return {
        "booked": [str(each.pk) for each in made.appointments],
        "refused": week_by_week(made.refused, zone),
    }
