"""The writing side of the outbox: called inside the booking's transaction."""

from bookings.models import AppointmentChange, OutboxMessage
from tenants import due
from tenants.context import current_clinic


def enqueue(change: AppointmentChange) -> None:
    """Write the message about `change`, to be sent once the transaction commits."""
    OutboxMessage.objects.create(change=change, due_at=change.at)


def wake_worker(change: AppointmentChange) -> None:
    """Tell a worker that this clinic has mail to send. Call it after commit."""
    due.wake(current_clinic(), change.at)
