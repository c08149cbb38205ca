"""One turn: guard → lock → judge → write → commit → announce, for everybody in it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from psycopg import OperationalError

from bookings import locking
from bookings.actions import entries, limits, writes
from bookings.actions.crowd.locks import slot_locks
from bookings.actions.crowd.looking import look
from bookings.actions.crowd.sight import Sight
from bookings.actions.crowd.wanting import Again, Outcome, Wanted
from bookings.actions.entries import Actor, Done
from bookings.errors import BookingError, UnavailableError
from bookings.live import events
from bookings.models import Appointment, KeptAnswer, Patient
from bookings.models.quickly import made
from tenants import due, pools
from tenants.wire import Step, Wire

if TYPE_CHECKING:
    from tenants.models import Clinic


async def book(clinic: "Clinic", wanted: Sequence[Wanted]) -> list[Outcome]:
    """Book what can be had, in the order asked; all of it is committed together.

    Raises:
        UnavailableError: the connection was lost in COMMIT; nobody knows the outcome.
        NoConnectionError, psycopg.Error: nothing was written.
    """
    slots = {each.slot_id for each in wanted}
    async with slot_locks(clinic.pk, slots) as locks:
        served = [each for each in wanted if each.slot_id in locks.had]
        if not served:
            return [Again() for _ in wanted]
        async with pools.borrowed(clinic) as wire:
            turn = _Turn(clinic, wire)
            outcomes = iter(await turn.take(served))
        locks.announce(turn.announcement())
        return [
            next(outcomes) if each.slot_id in locks.had else Again() for each in wanted
        ]


async def wake_worker(clinics: "list[Clinic]") -> None:
    """Have the messages sent: a hint, whose loss the workers' sweep repairs."""
    async with pools.borrowed(clinics[0]) as wire:
        await wire.run((due.WAKE_NOW, [[clinic.pk for clinic in clinics]]))


class _Turn:
    def __init__(self, clinic: "Clinic", wire: Wire) -> None:
        self._clinic = clinic
        self._wire = wire
        self._made: list[Done] = []
        self._answers: list[KeptAnswer] = []

    async def take(self, wanted: Sequence[Wanted]) -> list[Outcome]:
        """Answer each, in order, once all is committed."""
        try:
            sight = await look(self._wire, self._clinic, wanted)
            outcomes = [self._judge(each, sight) for each in wanted]
            if self._made:
                await self._write()
        finally:
            await self._wire.roll_back()  # of nothing, after a commit
        return outcomes

    def announcement(self) -> tuple[str, str] | None:
        """After commit: what live pages are to be told."""
        if not self._made:
            return None
        limits.note_booked(self._clinic, how_many=len(self._made))
        slots = [slot for done in self._made for slot in done.slots]
        return events.message(self._clinic.pk, slots, self._made[0].now)

    def _judge(self, wanted: Wanted, sight: Sight) -> Outcome:
        case = sight.case_of(wanted)
        if case is None:
            return None
        wish = sight.wish_of(wanted, case)
        try:
            offer = sight.offer(wanted, wish, case)
        except BookingError as error:
            return error
        user = sight.users[wanted.account_id] if wanted.account_id else None
        language = (user and user.language) or wanted.language
        new = made(
            Appointment, patient=wish.patient, reason=wanted.reason, language=language
        )
        taken = [slot for slot in case.run if slot.pk in {s.id for s in offer.slots}]
        actor = Actor(user, Appointment.Via.API)
        done = entries.draft(new, wish, taken, actor, sight.now)
        if isinstance(wanted.asker, Patient):
            done = replace(done, newcomer=wanted.asker)
        sight.note(done)
        self._made.append(done)
        if wanted.once:
            self._answers.append(wanted.once.row(wanted.once.answer(new), sight.now))
        return new

    async def _write(self) -> None:
        """Raises UnavailableError if nobody knows whether it was committed."""
        slots = [slot for done in self._made for slot in done.slots]
        days = locking.in_order(locking.days_of(slots))
        steps: list[Step] = [
            (locking.BUMP, days),
            (writes.booking_statement(), writes.arguments_of(self._made)),
        ]
        if self._answers:
            answers = writes.answers_arguments(self._answers)
            steps.append((writes.answers_statement(), answers))
        try:
            await self._wire.run(*steps, ("COMMIT", ()))
        except OperationalError as error:
            if error.sqlstate is None or self._wire.is_closed:
                raise UnavailableError from error
            raise
