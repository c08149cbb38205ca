"""What a crowd asks for, and what each of them gets."""

from dataclasses import dataclass
from uuid import UUID

from accounts.tokens import Bearer
from bookings.errors import BookingError
from bookings.models import Appointment, Patient
from bookings.once import Once


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for themselves, through the API."""

    asker: Bearer | Patient  # by a token; or a guest, who is saved with the booking
    slot_id: UUID
    service_id: UUID | None
    reason: str
    language: str  # of the request; the account's own goes first
    once: Once | None = None

    @property
    def account_id(self) -> UUID | None:
        return self.asker.user_id if isinstance(self.asker, Bearer) else None


class Again:
    """The slot's lock in Redis was not had: to be asked once more, in another turn."""


# None: nothing was done, and `appointments.book` is to be asked.
Outcome = Appointment | BookingError | Again | None
