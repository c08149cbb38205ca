"""A series: the same visit each week (or every few), booked in one transaction.

All of it, or as many as were asked for at least; otherwise nothing is written.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from accounts.models import User
from bookings import locking
from bookings.actions import claims, entries
from bookings.actions.claims import Wish
from bookings.actions.entries import Actor, Done
from bookings.availability import Reason
from bookings.errors import BookingError, NotOfferedError, SeriesError
from bookings.models import Appointment, Patient, Practice, Service, Slot
from bookings.once import Once, repeatable
from bookings.timetable import instants, wall_time

LONGEST = 52  # visits


@dataclass
class Series:
    """What became of each visit that was wanted."""

    id: UUID
    now: datetime
    done: list[Done] = field(default_factory=list)
    refused: list[tuple[datetime, BookingError]] = field(default_factory=list)

    @property
    def appointments(self) -> list[Appointment]:
        return [each.appointment for each in self.done]

    def check(self, at_least: int) -> None:
        """Refuse what is too little.

        Raises:
            SeriesError: fewer visits than these can be had.
        """
        if len(self.done) < at_least:
            raise SeriesError(self.refused)


@dataclass(frozen=True)
class _Week:
    """One visit of the series: its slot, and the slots it was to take when last seen."""

    start: datetime
    wish: Wish | None
    run: list[Any] = field(default_factory=list)
    error: BookingError | None = None


@repeatable
def book_series(
    *,
    slot_id: UUID,
    times: int,
    patient: Patient,
    by: User | None,
    via: Appointment.Via,
    service: Service | None = None,
    every_weeks: int = 1,
    at_least: int | None = None,
    as_staff: bool = False,
    reason: str = "",
    language: str = "",
    once: Once | None = None,
    now: datetime | None = None,
) -> Series:
    """Book a service `times` times, at the same hour on the wall, from a slot on.

    Each visit is judged with the ones before it written, so the cap counts them all.

    Args:
        times: how many visits, 2 to `LONGEST`.
        at_least: how many must be had; by default all.

    Raises:
        SeriesError: fewer can be had; it says which not, and why. Nothing was written.
        NoSlotError: there is no such first slot.
    """
    if not 2 <= times <= LONGEST or every_weeks < 1:
        message = "A series has a few visits, some weeks apart."
        raise ValueError(message)
    slot = claims.find_slot(slot_id)
    chosen = service or slot.doctor.default_service
    wish = Wish(slot, chosen, Practice.load(), as_staff)
    weeks = list(_weeks(wish, patient, times, every_weeks, now or locking.clock()))
    wanted = {each for week in weeks for each in week.run}
    terms = {"reason": reason, "language": language}

    def work() -> Series:
        if once:
            once.enter()
        rows = locking.lock_slots(wanted)
        person = entries.lock_or_save(patient)
        person._state.adding = False  # known, from the second visit on
        locking.bump_days(locking.days_of(rows))
        made = Series(uuid7(), now or locking.clock())
        for week in weeks:
            new = Appointment(patient=person, series=made.id, **terms)
            _add(made, week, new, rows, Actor(by, via))
        made.check(times if at_least is None else at_least)
        if once:
            once.keep(made, made.now)
        return made

    made = _durably(work, wanted, patient)
    for each in made.done:
        entries.announce(each)
    return made


def _durably(
    work: Callable[[], Series], wanted: Collection[UUID], patient: Patient
) -> Series:
    """Queue for all slots, then do the work in one transaction."""
    is_new = patient._state.adding

    def afresh() -> Series:
        try:
            return work()
        except BaseException:
            patient._state.adding = is_new  # tried again, it is inserted again
            raise

    try:
        with locking.slot_locks(wanted):
            return locking.durably(afresh)
    except IntegrityError as error:
        raise claims.clash(error) from error


def _weeks(
    first: Wish, patient: Patient, times: int, every_weeks: int, now: datetime
) -> Iterator[_Week]:
    """Find each week's slot, and what its visit would take as things stand.

    Judged for anybody: the patient's cap is met only once the visits before are there.
    """
    doctor = first.doctor
    wall = wall_time(first.slot.start, doctor.zone)
    for n in range(times):
        later = n * every_weeks * timedelta(weeks=1)
        readings = instants(wall + later, doctor.zone)
        found = Slot.objects.filter(doctor=doctor, start__in=readings)
        slot = found.select_related("location").order_by("start").first()
        if slot is None:
            start = min(readings, default=first.slot.start + later)
            yield _Week(start, None, error=_nothing_then())
            continue
        slot.doctor = doctor
        wish = replace(first, slot=slot if n else first.slot)
        judged = claims.evaluate(wish, now)
        wish = replace(wish, patient=patient)
        if judged.is_free:
            yield _Week(slot.start, wish, [each.id for each in judged.slots])
        else:
            yield _Week(
                slot.start,
                wish,
                error=claims.refusal(judged, now, as_staff=first.as_staff),
            )


def _nothing_then() -> NotOfferedError:
    return NotOfferedError(Reason.OUTSIDE_HOURS, _("No time is published then."))


def _add(
    made: Series, week: _Week, new: Appointment, rows: list[Slot], actor: Actor
) -> None:
    """Judge one visit again, under the locks, and write it or why it cannot be had."""
    own = [row for row in rows if row.pk in week.run]
    try:
        if week.wish is None or week.error:
            raise week.error or _nothing_then()
        wish = replace(week.wish, ahead=len(made.done))
        claims.offer(wish, made.now, run=week.run)
        made.done.append(entries.book(new, wish, own, actor, made.now))
    except BookingError as error:
        made.refused.append((week.start, error))
