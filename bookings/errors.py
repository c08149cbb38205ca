"""What can go wrong with a booking: a vocabulary. Each edge translates it once.

`code` is stable (CONTRACT: the API's `code`); `str(error)` is a sentence for people.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import ClassVar
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class BookingError(Exception):
    """Base of all refusals. Nothing was written when one is raised."""

    code: ClassVar[str]
    message: ClassVar[str | Promise]

    def __str__(self) -> str:
        return str(self.message)


class SlotTakenError(BookingError):
    """Somebody has the time."""

    code = "slot_taken"
    message = _("Someone else has just taken this time.")


class SlotHeldError(BookingError):
    """Somebody is holding the time; it may come back at `held_until`."""

    code = "slot_held"
    message = _("Someone else is holding this time. It may come free in a few minutes.")

    def __init__(self, held_until: datetime) -> None:
        super().__init__()
        self.held_until = held_until


class SlotBusyError(BookingError):
    """A lock was not had in time; trying again soon makes sense."""

    code = "slot_busy"
    message = _("Many people want this time right now. Please try again.")
    retry_after = 1  # seconds


class TooManyHoldsError(BookingError):
    """From one address, as many times are held as is allowed."""

    code = "throttled"
    message = _(
        "From where you are, many times are held already. Please wait a little."
    )

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.retry_after = max(1, ceil(wait.total_seconds()))


class HoldExpiredError(BookingError):
    """The hold has ended, is for another time, or was never one."""

    code = "hold_expired"
    message = _("Your hold on this time has ended.")


class NotOfferedError(BookingError):
    """The rules of the clinic do not offer this time; `reason` says which rule."""

    code = "not_offered"
    message = _("This time cannot be booked.")

    def __init__(self, reason: str, sentence: str | Promise = "") -> None:
        super().__init__()
        self.reason = reason
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence or self.message)


class PatientBusyError(BookingError):
    """The patient has another appointment at that time."""

    code = "patient_busy"
    message = _("This person already has an appointment at that time.")


class TooLateError(BookingError):
    """The clinic's cut-off for changes has passed."""

    code = "too_late"
    message = _("It is too late to change this online.")


class AlreadyCancelledError(BookingError):
    code = "already_cancelled"
    message = _("This appointment was cancelled before.")


class AppointmentPastError(TooLateError):
    """It has been: cancelling would rewrite history."""

    message = _("This appointment is over.")


class WrongStateError(BookingError):
    """The visit is not in a state from which this can be done."""

    code = "wrong_state"
    message = _("This visit has moved on. Look at it again, then choose.")


class SeriesError(BookingError):
    """Too few visits of a series can be had; `refused` says which not, and why."""

    code = "series_refused"
    message = _("Not all of these visits can be booked.")

    def __init__(self, refused: "list[tuple[datetime, BookingError]]") -> None:
        super().__init__()
        self.refused = refused


class UndecidedError(BookingError):
    """A change of rules hits visits, and it was not said what becomes of each."""

    code = "undecided"
    message = _("This change hits booked visits. Decide what becomes of each of them.")


class VersionMismatchError(BookingError):
    """Somebody changed it since it was read."""

    code = "version_mismatch"
    message = _("This was changed a moment ago. Look at it again, then choose.")


class KeyInFlightError(BookingError):
    """The first request with this key has not been answered yet."""

    code = "idempotency_in_flight"
    message = _("The same request is being worked on. Ask again in a moment.")
    retry_after = 1  # seconds


class KeyMismatchError(BookingError):
    """This key was used for another request."""

    code = "idempotency_mismatch"
    message = _("This Idempotency-Key was used for a different request.")


class UnavailableError(BookingError):
    """The outcome is unknown, or we cannot serve now: repeat with the same key."""

    code = "unavailable"
    message = _("We could not finish this just now. Please try again in a moment.")
    retry_after = 2  # seconds


class DoctorsFullError(BookingError):
    """The clinic's plan has no room for one more doctor."""

    code = "plan_limit"
    message = _("The clinic’s plan has no room for one more doctor.")

    def __init__(self, sentence: str = "") -> None:
        super().__init__()
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence or str(self.message)


class CallsUsedUpError(BookingError):
    """The clinic's plan has no more calls of the API this month."""

    code = "throttled"
    message = _("The clinic’s plan has no more API calls this month.")

    def __init__(self, sentence: str, wait: int) -> None:
        super().__init__()
        self.sentence = sentence
        self.retry_after = wait  # seconds

    def __str__(self) -> str:
        return self.sentence


class NoSlotError(BookingError):
    """There is no such slot at this clinic."""

    code = "not_found"
    message = _("This time does not exist.")

    def __init__(self, slot_id: UUID | str = "") -> None:
        super().__init__()
        self.slot_id = slot_id
