"""What a crowd's transaction sees under its locks, and how it judges by that."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from accounts import roles
from accounts.models import User
from bookings.actions import claims, limits
from bookings.actions.claims import Wish
from bookings.actions.crowd.wanting import Wanted
from bookings.actions.entries import Done
from bookings.availability import Interval, Offer, judge
from bookings.errors import PatientBusyError
from bookings.models import Patient, Practice, Service, Slot

if TYPE_CHECKING:
    from tenants.models import Clinic


@dataclass
class Case:
    """A slot and a service: what the calculator must know of them."""

    run: list[Slot]  # that the visit would take, by start; gaps are judged
    service: Service
    practice: Practice
    is_offered: bool  # by this doctor


@dataclass(frozen=True)
class Visit:
    """A visit of a patient that is not over."""

    start: datetime
    end: datetime
    is_open: bool  # not yet begun, so it counts for the cap
    is_placed: bool


@dataclass
class Sight:
    """The rows under the locks; `note` keeps them true as the turn goes on."""

    clinic: "Clinic"
    now: datetime
    cases: dict[tuple[UUID, UUID | None], Case]
    users: dict[UUID, User]
    patients: dict[UUID, Patient]  # by account
    visits: dict[UUID, list[Visit]]  # by patient
    busy: dict[UUID, list[Interval]]  # by doctor
    keys: set[tuple[str, str]]  # (caller, key) that nobody has used or is using
    _made: int = field(default=0, init=False)

    def case_of(self, wanted: Wanted) -> Case | None:
        """Return what is wanted, if it is as plain as a crowd's wish must be."""
        user = self.users.get(wanted.bearer.user_id)
        case = self.cases.get((wanted.slot_id, wanted.service_id))
        if user is None or case is None:
            return None
        if user.role != roles.PATIENT or not wanted.bearer.is_still(user):
            return None
        if any(slot.new_patients_only for slot in case.run):
            return None
        if limits.known_room(self.clinic, self.now) is None:
            return None
        return case if self._has_key(wanted) else None

    def wish_of(self, wanted: Wanted, case: Case) -> Wish:
        """Put it in the words of the actions."""
        person = self.patients[wanted.bearer.user_id]
        return Wish(case.run[0], case.service, case.practice, patient=person)

    def offer(self, wish: Wish, case: Case) -> Offer[object]:
        """Judge a wish as `claims.offer` does.

        Raises:
            BookingError: why it cannot be had.
        """
        facts = [slot.facts() for slot in case.run]
        room = limits.known_room(self.clinic, self.now) or 0
        judged = judge(
            facts[0],
            facts[1:],
            visit=claims.visit(case.service, is_offered=case.is_offered),
            policy=claims.policy_of(
                case.practice,
                case.service,
                as_staff=False,
                room_in_cap=self._open(wish) < case.practice.max_open_appointments,
                room_in_plan=self._made < room,
            ),
            busy=self.busy[wish.doctor.pk],
            now=self.now,
        )
        if not judged.is_free:
            raise claims.refusal(judged, self.now)
        if self._is_elsewhere(wish):
            raise PatientBusyError
        return judged

    def note(self, done: Done) -> None:
        """See what was just booked, though it is not written yet."""
        made = done.appointment
        occupied = (made.occupied.lower, made.occupied.upper)
        self.busy[made.doctor_id].append(occupied)
        visit = Visit(made.start, made.end, is_open=True, is_placed=True)
        self.visits[made.patient_id].append(visit)
        self._made += 1

    def _has_key(self, wanted: Wanted) -> bool:
        """Whether its key, if it has one, is free; the second use in a turn is not."""
        if wanted.once is None:
            return True
        key = (wanted.once.caller_hash, wanted.once.key)
        if key not in self.keys:
            return False
        self.keys.discard(key)
        return True

    def _visits_of(self, wish: Wish) -> list[Visit]:
        return self.visits[wish.patient.pk] if wish.patient else []

    def _open(self, wish: Wish) -> int:
        return sum(visit.is_open for visit in self._visits_of(wish))

    def _is_elsewhere(self, wish: Wish) -> bool:
        return any(
            visit.start < wish.end and visit.end > wish.slot.start
            for visit in self._visits_of(wish)
            if visit.is_placed
        )
