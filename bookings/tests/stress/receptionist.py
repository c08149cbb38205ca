"""Reception: books for whoever calls, any doctor or one, once or each week."""

import random
from typing import Any
from uuid import UUID

from accounts.models import User
from bookings.actions import anyone, appointments, holds, overbooking, series
from bookings.models import Appointment, Patient
from bookings.tests.stress.client import Path
from bookings.tests.stress.inside import DESK, Insider, service_of
from bookings.tests.stress.operations import Notebook
from bookings.tests.stress.world import RECEPTION, WEEKS, World, person


class Receptionist(Insider):
    """One of those at the desk."""

    def __init__(
        self, name: str, world: World, dice: random.Random, notes: Notebook
    ) -> None:
        super().__init__(name, world, dice, notes)
        # One line adds a path.
        self.paths = [
            Path(4, self.book_any_doctor, books=True),
            Path(4, self.book_somebody_known, books=True),
            Path(2, self.book_series, books=True),
            Path(1, self.overbook),
            Path(8, self.cancel),
            Path(3, self.move),
            Path(1, self.hold_and_let_go),
        ]

    def book_any_doctor(self) -> None:
        time, kind = self.any_time()
        times = self.world.at_any_doctor(time)
        runs = [self.world.run(each, kind) for each in times]
        with self.noted("any doctor", "book", runs) as operation:
            made = anyone.book_any(
                slot_ids=[UUID(each.id) for each in times],
                service=service_of(kind),
                patient=person(operation.mark),
                by=None,
                via=DESK,
                reason=operation.mark,
            )
            operation.done({made.reference: self.run_of(made)})

    def book_somebody_known(self) -> None:
        """Somebody who books at several doctors: never two visits at once."""
        time, kind = self.any_time()
        runs = [self.world.run(time, kind)]
        with self.noted("desk book", "book", runs) as operation:
            made = appointments.book(
                slot_id=UUID(time.id),
                service=service_of(kind),
                patient=Patient.objects.get(pk=self.dice.choice(self.world.patients)),
                as_staff=True,
                **self._asked(operation.mark),
            )
            operation.done({made.reference: self.run_of(made)})

    def book_series(self) -> None:
        """Each week at the same hour: all of them, or as many as will do."""
        time, kind = self.any_time()
        runs = [self.world.run(each, kind) for each in self.world.weekly(time)]
        with self.noted("series", "book", runs) as operation:
            operation.visits = WEEKS
            made = series.book_series(
                slot_id=UUID(time.id),
                times=WEEKS,
                service=service_of(kind),
                patient=person(operation.mark),
                at_least=self.dice.randint(1, WEEKS),
                **self._asked(operation.mark),
            )
            operation.done({v.reference: self.run_of(v) for v in made.appointments})

    def overbook(self) -> None:
        """One more, on purpose. It takes no slot, unless the time is free after all."""
        time, kind = self.any_time()
        runs = [self.world.run(time, kind)]
        with self.noted("overbook", "book", runs) as operation:
            made = overbooking.overbook(
                slot_id=UUID(time.id),
                service=service_of(kind),
                patient=person(operation.mark),
                why="urgent",
                **self._asked(operation.mark)
                | {"by": User.objects.get(email=RECEPTION)},
            )
            takes = [] if made.is_overbooked else self.run_of(made)
            operation.done({made.reference: takes})

    def cancel(self) -> None:
        visit = self._any_visit()
        if visit is None:
            return
        with self.noted("desk cancel", "cancel", who=visit.reference) as operation:
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
        with self.noted("desk move", "move", runs, visit.reference) as operation:
            appointments.reschedule(
                appointment_id=visit.pk,
                slot_id=UUID(time.id),
                by=None,
                via=DESK,
                as_staff=True,
            )
            operation.done()

    def hold_and_let_go(self) -> None:
        time, kind = self.any_time()
        runs = [self.world.run(time, kind)]
        with self.noted("desk hold", "hold", runs) as operation:
            placed = holds.place(
                slot_id=UUID(time.id), service=service_of(kind), holder=self.name
            )
            operation.done()
        if operation.outcome == "ok":
            with self.noted("desk release", "release") as operation:
                holds.release(placed.token)
                operation.done()

    def _asked(self, mark: str) -> dict[str, Any]:
        return {"by": None, "via": DESK, "reason": mark}

    def _any_visit(self) -> Appointment | None:
        return Appointment.objects.active().order_by("?").first()
