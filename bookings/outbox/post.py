"""The writing side of the outbox: called inside the booking's transaction."""

from bookings.models import Appointment, AppointmentChange, OutboxMessage
from bookings.models.quickly import made
from tenants import due
from tenants.context import current_clinic


def message_about(change: AppointmentChange) -> OutboxMessage:
    """Make the message about `change`, to be saved in the booking's transaction.

    What the demo data books is not written to anybody.
    """
    state = OutboxMessage.State.SKIPPED if _is_demo(change) else _WAITING
    return made(OutboxMessage, change=change, due_at=change.at, state=state)


def wake_worker(change: AppointmentChange) -> None:
    """Tell a worker that this clinic has mail to send. Call it after commit."""
    if not _is_demo(change):
        due.wake(current_clinic(), change.at)


_WAITING = OutboxMessage.State.WAITING


def _is_demo(change: AppointmentChange) -> bool:
    return change.via == Appointment.Via.SEED
