"""Somebody who calls the actions: the desk, the worker, a command."""

import random
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from bookings.actions import anyone, appointments, holds, slots
from bookings.errors import BookingError, NotOfferedError, UnavailableError
from bookings.models import Appointment, Doctor, Patient, Service, WorkingHours
from bookings.tests.stress.client import Client, Path
from bookings.tests.stress.operations import (
    LOST,
    UNAVAILABLE,
    Answer,
    Notebook,
    Operation,
)
from bookings.tests.stress.world import (
    CLOSES,
    Kind,
    Time,
    World,
    person,
    publish_days,
)
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic

DESK = Appointment.Via.DESK
EARLIER = "10:40"  # when the day ends while hours are changed: one slot fewer


class Insider(Client):
    """One thread of the clinic's own process."""

    def __init__(
        self, name: str, world: World, dice: random.Random, notes: Notebook
    ) -> None:
        super().__init__(name, world, dice, notes)
        # One line adds a path.
        self.paths = [
            Path(4, self.book_any_doctor, books=True),
            Path(4, self.book_at_the_desk, books=True),
            Path(6, self.cancel),
            Path(3, self.move),
            Path(2, self.block_and_unblock),
            Path(1, self.publish, books=True),
            Path(1, self.change_hours),
            Path(1, self.hold_and_let_go),
        ]

    def act(self) -> None:
        """Do one thing inside the clinic."""
        try:
            with clinic_context(_clinic(self.world.clinic)):
                super().act()
        except (OperationalError, InterfaceError):
            clock.sleep(0.1)  # outside of any operation: a look at what is there
        finally:
            connection.close()

    def restore(self) -> None:
        """Leave the hours as they were."""
        with clinic_context(_clinic(self.world.clinic)):
            self._close_at(f"{CLOSES}:00")

    # The paths --------------------------------------------------------------------------

    def book_any_doctor(self) -> None:
        time, kind = self.any_time()
        times = self.world.at_any_doctor(time)
        runs = [self.world.run(each, kind) for each in times]
        with self._noted("any doctor", "book", runs) as operation:
            made = anyone.book_any(
                slot_ids=[UUID(each.id) for each in times],
                service=_service(kind),
                patient=person(operation.mark),
                by=None,
                via=DESK,
                reason=operation.mark,
            )
            operation.done({made.reference: self._run_of(made, kind)})

    def book_at_the_desk(self) -> None:
        """Somebody known, who books at several doctors: never two visits at once."""
        time, kind = self.any_time()
        with self._noted(
            "desk book", "book", [self.world.run(time, kind)]
        ) as operation:
            made = appointments.book(
                slot_id=UUID(time.id),
                service=_service(kind),
                patient=Patient.objects.get(pk=self.dice.choice(self.world.patients)),
                by=None,
                via=DESK,
                as_staff=True,
                reason=operation.mark,
            )
            operation.done({made.reference: self._run_of(made, kind)})

    def cancel(self) -> None:
        visit = self._any_visit()
        if visit is None:
            return
        with self._noted("desk cancel", "cancel", who=visit.reference) as operation:
            appointments.cancel(
                appointment_id=visit.pk, by=None, via=DESK, as_staff=True
            )
            operation.done()

    def move(self) -> None:
        """To another doctor too."""
        visit = self._any_visit()
        if visit is None:
            return
        kind = self.world.kind_of(str(visit.service_id))
        time = self.dice.choice(self.world.hot)
        runs = [self.world.run(time, kind)]
        with self._noted("desk move", "move", runs, visit.reference) as operation:
            appointments.reschedule(
                appointment_id=visit.pk,
                slot_id=UUID(time.id),
                by=None,
                via=DESK,
                as_staff=True,
            )
            operation.done()

    def block_and_unblock(self) -> None:
        time = self.dice.choice(self.world.hot)
        if self._block(slots.block, "block", time):
            clock.sleep(self.dice.random() * 0.2)
            for _attempt in range(20):
                if self._block(slots.unblock, "unblock", time) is not None:
                    return
                clock.sleep(0.3)

    def publish(self) -> None:
        with self._noted("publish", "publish") as operation:
            slots.publish(days=publish_days())
            operation.done()

    def change_hours(self) -> None:
        """End the days earlier for a moment: the last slots go, unless somebody has them."""
        self._close_at(EARLIER)
        clock.sleep(self.dice.random() * 0.2)
        self._close_at(f"{CLOSES}:00")

    def hold_and_let_go(self) -> None:
        time, kind = self.any_time()
        with self._noted(
            "desk hold", "hold", [self.world.run(time, kind)]
        ) as operation:
            placed = holds.place(
                slot_id=UUID(time.id), service=_service(kind), holder=self.name
            )
            operation.done()
        if operation.outcome == "ok":
            with self._noted("desk release", "release") as operation:
                holds.release(placed.token)
                operation.done()

    # What they share --------------------------------------------------------------------

    def _block(self, action: object, name: str, time: Time) -> int | None:
        """Block or unblock one slot; None if it is not known whether that was done."""
        changed: int | None = None
        with self._noted(name, "block", [[time.id]]) as operation:
            changed = action([UUID(time.id)])  # type: ignore[operator]
            if changed:
                operation.done()
            else:
                operation.refuse("nothing to do")
        return changed

    def _close_at(self, closes: str) -> None:
        for _attempt in range(20):
            with self._noted("change hours", "publish") as operation:
                WorkingHours.objects.update(closes=closes)
                slots.publish(Doctor.objects.all(), days=publish_days())
                operation.done()
            if operation.outcome == "ok":
                return
            clock.sleep(0.3)

    @contextmanager
    def _noted(
        self, path: str, kind: str, runs: list[list[str]] | None = None, who: str = ""
    ) -> Iterator[Operation]:
        """Note an operation; a refusal, or a lost database, ends it here."""
        mark = self.new_mark()
        with self.notes.operation(
            self.name, path, kind, runs=runs or [], who=who, mark=mark
        ) as operation:
            try:
                yield operation
            except (UnavailableError, OperationalError, InterfaceError) as error:
                is_ours = isinstance(error, UnavailableError)
                code = UNAVAILABLE if is_ours else LOST
                now = clock.monotonic_ns()
                operation.answers.append(Answer(now, code=code, door=str(error)))
                operation.refuse(code)
                connection.close()
            except BookingError as error:
                operation.refuse(_code(error))

    def _any_visit(self) -> Appointment | None:
        return Appointment.objects.active().order_by("?").first()

    def _run_of(self, made: Appointment, kind: Kind) -> list[str]:
        doctor, start = str(made.doctor_id), made.start.isoformat()
        time = next(
            t for t in self.world.times if (t.doctor, t.start) == (doctor, start)
        )
        return self.world.run(time, kind)


def _code(error: BookingError) -> str:
    if isinstance(error, NotOfferedError):
        return f"{error.code}:{error.reason}"
    return error.code


def _clinic(slug: str) -> Clinic:
    with platform_context():
        return Clinic.objects.get(slug=slug)


def _service(kind: Kind) -> Service:
    return Service.objects.get(pk=kind.id)
