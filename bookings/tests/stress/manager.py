"""The clinic's manager: takes times out, publishes, and changes hours under patients."""

import datetime
import random
import time as clock
from collections.abc import Callable, Collection
from dataclasses import replace
from uuid import UUID

from bookings.actions import changes, slots
from bookings.actions.changes import Choice, Decision, Hit, Scope
from bookings.actions.entries import Actor
from bookings.models import TimeOff, WorkingHours
from bookings.tests.stress.client import Path
from bookings.tests.stress.inside import DESK, Insider, clinic_of
from bookings.tests.stress.operations import OK, REFUSED, Notebook, Operation
from bookings.tests.stress.world import CLOSES as _HOUR
from bookings.tests.stress.world import Time, World
from tenants.context import clinic_context

CLOSES = datetime.time(_HOUR)
EARLIER = datetime.time(_HOUR - 1, 40)  # with a slot fewer, while hours are changed
PAUSE = 0.3  # seconds at most between two acts: managers do other things too


class Manager(Insider):
    """Whoever sets the rules."""

    def __init__(
        self, name: str, world: World, dice: random.Random, notes: Notebook
    ) -> None:
        super().__init__(name, world, dice, notes)
        # One line adds a path.
        self.paths = [
            Path(3, self.block_and_unblock),
            Path(1, self.publish, books=True),
            Path(2, self.publish_other_hours),
            Path(2, self.change_hours),
            Path(2, self.take_time_off),
        ]

    def act(self) -> None:
        super().act()
        clock.sleep(self.dice.random() * PAUSE)

    def restore(self) -> None:
        """Leave the hours as they were."""
        with clinic_context(clinic_of(self.world.clinic)):
            self._publish_until(CLOSES)

    def block_and_unblock(self) -> None:
        time = self.dice.choice(self.world.hot)
        if self._block(slots.block, "block", time):
            clock.sleep(self.dice.random() * 0.2)
            self._until_known(lambda: self._block(slots.unblock, "unblock", time))

    def publish(self) -> None:
        with self.noted("publish", "publish") as operation:
            slots.publish()
            operation.done()

    def publish_other_hours(self) -> None:
        """End the days earlier: the last slots go, unless somebody has them."""
        self._publish_until(EARLIER)
        clock.sleep(self.dice.random() * 0.2)
        self._publish_until(CLOSES)

    def change_hours(self) -> None:
        """End one doctor's days earlier, and decide on each visit that this hits."""
        doctor = UUID(self.dice.choice(self.world.doctors))
        scope = Scope(doctors=[doctor])
        hours = WorkingHours.objects.filter(doctor=doctor)
        self._change(lambda: hours.update(closes=EARLIER), scope)
        clock.sleep(self.dice.random() * 0.2)
        self._until_known(
            lambda: self._change(lambda: hours.update(closes=CLOSES), scope)
        )

    def take_time_off(self) -> None:
        """One doctor leaves for one time of a day, and is back a moment later."""
        time = self.dice.choice(self.world.hot)
        day = datetime.date.fromisoformat(time.day)
        scope = Scope(doctors=[UUID(time.doctor)], days=(day, day))
        start = datetime.datetime.fromisoformat(time.start)
        off = {"doctor_id": UUID(time.doctor), "start": start}
        length = datetime.timedelta(minutes=20)
        self._change(lambda: TimeOff.objects.create(**off, end=start + length), scope)
        clock.sleep(self.dice.random() * 0.2)
        own = TimeOff.objects.filter(**off)
        self._until_known(lambda: self._change(lambda: own.delete(), scope))

    # What they share --------------------------------------------------------------------

    def _block(
        self, action: Callable[[Collection[UUID]], int], name: str, time: Time
    ) -> bool | None:
        """Block or unblock one slot: whether it did; None if that is not known."""
        did: bool | None = None
        with self.noted(name, "block", [[time.id]]) as operation:
            did = bool(action([UUID(time.id)]))
            if did:  # it had no appointment then
                operation.done()
            else:
                operation.refuse("nothing to do")
        return did

    def _publish_until(self, closes: datetime.time) -> None:
        def publish() -> bool | None:
            with self.noted("publish other hours", "publish") as operation:
                WorkingHours.objects.update(closes=closes)
                slots.publish()
                operation.done()
            return operation.outcome == OK or None

        self._until_known(publish)

    def _change(self, write: Callable[[], object], scope: Scope) -> bool | None:
        """Change a rule: whether that was done; None if it was not, or is not known."""
        hits: list[Hit] = []
        with self.noted("preview rules", "preview") as looking:
            hits = changes.preview(write, scope=scope)
            looking.done()
        if looking.outcome != OK:
            return None
        decided = {hit.appointment.pk: self._decide(hit) for hit in hits}
        with self.noted("change rules", "rules") as operation:
            desk = Actor(None, DESK)
            hits = changes.apply(write, decisions=decided, by=desk, scope=scope).hits
            operation.done()
        for hit in hits:
            self._note_hit(operation, hit, decided[hit.appointment.pk])
        return operation.outcome == OK or None

    def _note_hit(self, change: Operation, hit: Hit, decision: Decision) -> None:
        """Note what became of one visit, as an operation of its own."""
        if change.outcome == REFUSED:
            return
        runs = []
        if decision.start:
            doctor = str(hit.appointment.doctor_id)
            time = self.world.time_at(doctor, decision.start.isoformat())
            kind = self.world.kind_of(str(hit.appointment.service_id))
            runs = [self.world.run(time, kind)]
        self.notes.write(
            replace(
                change,
                path=f"rules: {decision.choice}",
                kind=str(decision.choice),
                who=hit.appointment.reference,
                runs=runs,
            )
        )

    def _until_known(self, attempt: Callable[[], bool | None]) -> None:
        """Try again while it is not known whether it was done, or was refused."""
        for _attempt in range(20):
            if attempt() is not None:
                return
            clock.sleep(0.3)

    def _decide(self, hit: Hit) -> Decision:
        if hit.proposal and self.dice.random() < 0.5:
            return Decision(Choice.MOVE, hit.proposal.start)
        others = [Choice.CANCEL, Choice.UNPLACE, Choice.KEEP]
        return Decision(self.dice.choice(others))
