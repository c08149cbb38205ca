"""The holds of a browser: their secrets are in its session, by the id of the hold."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.urls import reverse

from bookings.actions import holds
from bookings.actions.holds import Placed
from bookings.models import Appointment, Hold, Practice, Service


@dataclass(frozen=True)
class HeldTime:
    """A hold as pages show it: when, for how long still, and the way back."""

    hold: Hold
    now: datetime

    @property
    def start(self) -> datetime:
        """The start on the doctor's clock."""
        return self.hold.first_slot.start.astimezone(self.hold.first_slot.doctor.zone)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.start.tzinfo).date()

    @property
    def left(self) -> int:
        """Seconds until it ends."""
        return max(0, int((self.hold.expires_at - self.now).total_seconds()))

    @property
    def length(self) -> int:
        """Seconds that a hold lasts."""
        return int(Practice.load().hold_length.total_seconds())

    @property
    def slots(self) -> str:
        ids = self.hold.slots.values_list("pk", flat=True)
        return " ".join(str(each) for each in ids)

    @property
    def day_url(self) -> str:
        """The day on which the held time is."""
        url = reverse("bookings:doctor", args=[self.hold.first_slot.doctor.slug])
        return f"{url}?date={self.start.date()}&service={self.hold.service.slug}"


_HOLDER, _TOKENS, _MADE = "holder", "holds", "made"
_KEPT = 8  # the newest ones; older pages are told that their hold has ended


def place(
    session: SessionBase, slot_id: UUID, service: Service | None, *, address: str
) -> Hold:
    """Hold a time for this browser; its former hold is let go.

    Raises:
        BookingError: the time cannot be had.
    """
    # Not the session's key: that changes at log-in, and the hold must not.
    secret = session.setdefault(_HOLDER, secrets.token_urlsafe(16))
    placed = holds.place(
        slot_id=slot_id,
        holder=holds.holder_of(secret),
        service=service,
        address=address,
    )
    _keep(session, placed)
    return placed.hold


def token_of(session: SessionBase, hold_id: UUID) -> str:
    """Return the hold's secret, or nothing if it is not this browser's."""
    return str(session.get(_TOKENS, {}).get(str(hold_id), ""))


def current(session: SessionBase, now: datetime) -> HeldTime | None:
    """Return what this browser holds now."""
    tokens = session.get(_TOKENS, {})
    hold = holds.live(next(reversed(tokens.values())), now) if tokens else None
    return HeldTime(hold, now) if hold else None


def remember(session: SessionBase, appointment: Appointment) -> None:
    """Let this browser open what it has just booked."""
    made = [each for each in session.get(_MADE, []) if each != str(appointment.pk)]
    session[_MADE] = [*made, str(appointment.pk)][-_KEPT:]


def has_made(session: SessionBase, appointment: Appointment) -> bool:
    return str(appointment.pk) in made(session)


def made(session: SessionBase) -> list[str]:
    """The ids of what this browser has booked."""
    return list(session.get(_MADE, []))


def _keep(session: SessionBase, placed: Placed) -> None:
    tokens = session.get(_TOKENS, {}) | {str(placed.hold.pk): placed.token}
    session[_TOKENS] = dict(list(tokens.items())[-_KEPT:])
