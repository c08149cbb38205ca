"""The day of the visit: arrived, completed, did not come, and back again."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from accounts.models import User
from bookings import locking
from bookings.actions import claims, entries
from bookings.actions.entries import Actor
from bookings.errors import VersionMismatchError, WrongStateError
from bookings.models import Appointment, AppointmentChange

Kind = AppointmentChange.Kind
Status = Appointment.Status

# From where each step may be taken. Whoever came may also have left unseen.
_FROM = {
    Kind.ARRIVED: {Status.BOOKED},
    Kind.COMPLETED: {Status.BOOKED, Status.ARRIVED},
    Kind.NO_SHOW: {Status.BOOKED, Status.ARRIVED},
}


def steps_from(status: str) -> list[AppointmentChange.Kind]:
    """The steps that may follow on a status, `UNDONE` last."""
    steps = [kind for kind, origins in _FROM.items() if status in origins]
    has_step = status in {Status(kind.value) for kind in _FROM}
    return [*steps, Kind.UNDONE] if has_step else steps


def mark(
    *,
    appointment_id: UUID,
    step: AppointmentChange.Kind,
    by: User | None,
    via: Appointment.Via,
    version: int | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Take a step of the visit: `ARRIVED`, `COMPLETED` or `NO_SHOW`.

    Raises:
        WrongStateError: it cannot follow on what the visit is now.
        VersionMismatchError: the caller saw another version.
    """

    def next_status(appointment: Appointment) -> Appointment.Status:
        if appointment.status not in _FROM[step]:
            raise WrongStateError
        return Status(step.value)

    actor = Actor(by, via)
    return _change(appointment_id, step, next_status, actor, version=version, now=now)


def undo(
    *,
    appointment_id: UUID,
    by: User | None,
    via: Appointment.Via,
    version: int | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Take back the last step of the visit; moving and cancelling are not steps.

    Raises:
        WrongStateError: there is no step to take back.
        SlotTakenError, PatientBusyError: nobody came, and the time has gone to another.
        VersionMismatchError: the caller saw another version.
    """

    def former_status(appointment: Appointment) -> Appointment.Status:
        kinds = appointment.history.order_by("version").values_list("kind", flat=True)
        steps = _standing_steps(kinds)
        if not steps or appointment.status != steps[-1]:
            raise WrongStateError
        return Status(steps[-2]) if len(steps) > 1 else Status.BOOKED

    actor = Actor(by, via)
    return _change(
        appointment_id, Kind.UNDONE, former_status, actor, version=version, now=now
    )


def _change(
    appointment_id: UUID,
    kind: AppointmentChange.Kind,
    decide: Callable[[Appointment], Appointment.Status],
    actor: Actor,
    *,
    version: int | None,
    now: datetime | None,
) -> Appointment:
    """Lock → check → write. The time stays as it is, so nothing is announced."""

    def work() -> Appointment:
        appointment, slots = locking.lock_visit(appointment_id)
        locking.bump_days(locking.days_of(slots))
        if version is not None and version != appointment.version:
            raise VersionMismatchError
        appointment.status = decide(appointment)
        appointment.version += 1
        appointment.save(update_fields=["status", "version"])
        entries.record(kind, appointment, actor, now or locking.clock())
        return appointment

    try:
        return locking.durably(work)
    except IntegrityError as error:  # undone, but its time is another's meanwhile
        raise claims.clash(error) from error


def _standing_steps(kinds: Iterable[str]) -> list[str]:
    """Replay the history: the steps that were taken and not undone."""
    steps: list[str] = []
    for kind in kinds:
        if kind == Kind.UNDONE:
            steps.pop()
        elif kind in _FROM:
            steps.append(kind)
    return steps
