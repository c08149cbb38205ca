"""One turn: guard → lock → judge → write → commit → announce, for everybody in it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from psycopg import OperationalError

from bookings import locking
from bookings.actions import entries, limits, writes
from bookings.actions.crowd import looking
from bookings.actions.crowd.locks import slot_locks
from bookings.actions.crowd.sight import Sight
from bookings.actions.crowd.wanting import Again, Outcome, Wanted
from bookings.actions.entries import Actor, Done
from bookings.errors import BookingError, UnavailableError
from bookings.live import events
from bookings.models import Appointment, KeptAnswer, Patient, Slot
from bookings.models.quickly import made
from tenants import due, pools
from tenants.pools import NoConnectionError
from tenants.turns import Answers, Party
from tenants.wire import Part, Rows, Step, Wire

if TYPE_CHECKING:
    from tenants.models import Clinic

_BEGIN: Step = ("BEGIN", ())
_COMMIT: Step = ("COMMIT", ())
# Nobody waits long for what is locked in another clinic: each is asked alone then.
_HURRY: Step = ("SET LOCAL lock_timeout = '100ms'", ())


async def book(parties: Sequence[Party[Wanted]]) -> list[Answers[Outcome]]:
    """Book what can be had, in the order asked, of one or of several clinics.

    All of it is committed together.

    Returns:
        Of each clinic the outcomes, or why there are none:
        NoConnectionError: nothing was done.
        UnavailableError: the connection was lost in COMMIT; nobody knows the outcome.

    Raises:
        psycopg.Error: nothing was written, of no clinic.
    """
    places = {(clinic.pk, each.slot_id) for clinic, asked in parties for each in asked}
    async with slot_locks(places) as locks:
        turns = [
            _Turn(clinic, [w for w in asked if (clinic.pk, w.slot_id) in locks.had])
            for clinic, asked in parties
        ]
        await _take([turn for turn in turns if turn.wanted])
        for turn in turns:
            locks.announce(turn.announcement())
    return [
        turn.answers(asked) for turn, (_, asked) in zip(turns, parties, strict=True)
    ]


async def wake_worker(clinics: "list[Clinic]") -> None:
    """Have the messages sent: a hint, whose loss the workers' sweep repairs."""
    async with pools.borrowed(clinics[0]) as wire:
        await wire.run((due.WAKE_NOW, [[clinic.pk for clinic in clinics]]))


async def _take(turns: "list[_Turn]") -> None:
    if not turns:
        return
    try:
        async with pools.borrowed(*(turn.clinic for turn in turns)) as wire:
            await _go(wire, turns)
    except NoConnectionError as error:
        for turn in turns:
            turn.error = error


async def _go(wire: Wire, turns: "list[_Turn]") -> None:
    begin = [_BEGIN, _HURRY] if len(turns) > 1 else [_BEGIN]
    try:
        _, *seen = await wire.run_parts(("", begin), *(turn.look() for turn in turns))
        for turn, rows in zip(turns, seen, strict=True):
            turn.judge(rows)
        if writing := [turn for turn in turns if turn.has_made]:
            await _write(wire, writing)
    finally:
        await wire.roll_back()  # of nothing, after a commit


async def _write(wire: Wire, turns: "list[_Turn]") -> None:
    try:
        await wire.run_parts(*(turn.write() for turn in turns), ("", [_COMMIT]))
    except OperationalError as error:
        if error.sqlstate is not None and not wire.is_closed:
            raise
        for turn in turns:
            turn.error = UnavailableError()
            turn.error.__cause__ = error


class _Turn:
    """What one clinic wants, and what came of it."""

    def __init__(self, clinic: "Clinic", wanted: Sequence[Wanted]) -> None:
        self.clinic = clinic
        self.wanted = wanted  # whose slots' locks were had
        self._made: list[Done] = []
        self._answers: list[KeptAnswer] = []
        self._outcomes: list[Outcome] = []
        self.error: Exception | None = None  # instead of outcomes

    @property
    def has_made(self) -> bool:
        return bool(self._made)

    def look(self) -> Part:
        return self.clinic.schema_name, looking.steps(self.clinic, self.wanted)

    def judge(self, rows: Sequence[Rows]) -> None:
        """Answer each, in order; it counts once all is committed."""
        sight = looking.seen(self.clinic, self.wanted, rows)
        self._outcomes = [self._judge(each, sight) for each in self.wanted]

    def write(self) -> Part:
        days = locking.in_order(locking.days_of(self._slots))
        steps: list[Step] = [(locking.BUMP, days), writes.booking(self._made)]
        if self._answers:
            steps.append(writes.answers(self._answers))
        return self.clinic.schema_name, steps

    def announcement(self) -> tuple[str, str] | None:
        """After commit: what live pages are to be told."""
        if not self._made or self.error:
            return None
        limits.note_booked(self.clinic, how_many=len(self._made))
        return events.message(self.clinic.pk, self._slots, self._made[0].now)

    def answers(self, asked: Sequence[Wanted]) -> Answers[Outcome]:
        """To each who asked; those whose slot's lock was not had are to ask again."""
        if self.error:
            return self.error
        outcomes = dict(zip(map(id, self.wanted), self._outcomes, strict=True))
        return [outcomes.get(id(each), _AGAIN) for each in asked]

    @property
    def _slots(self) -> list[Slot]:
        return [slot for done in self._made for slot in done.slots]

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


_AGAIN = Again()
