"""What a crowd's transaction sees under its locks, and how it judges by that."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from accounts import roles
from accounts.models import User
from accounts.tokens import Bearer
from bookings.actions import claims, limits
from bookings.actions.claims import Wish
from bookings.actions.crowd.wanting import Wanted
from bookings.actions.entries import Done
from bookings.availability import Interval, Offer, judge
from bookings.errors import PatientBusyError
from bookings.models import Appointment, Patient, Practice, Service, Slot

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
class Visits:
    """What a patient has booked already, beside what is wanted."""

    open: int = 0  # that have not begun: what the cap counts
    clashing: int = 0  # that are at the same time


_NONE = Visits()
_NEVER = datetime(1, 1, 1, tzinfo=UTC)  # of a look that saw nothing


@dataclass
class Sight:
    """The rows under the locks; `note` keeps them true as the turn goes on."""

    clinic: "Clinic"
    keys: set[tuple[str, str]]  # (caller, key) that nobody has used or is using
    now: datetime = _NEVER
    cases: dict[tuple[UUID, UUID | None], Case] = field(default_factory=dict)
    users: dict[UUID, User] = field(default_factory=dict)
    patients: dict[UUID, Patient] = field(default_factory=dict)  # by account
    visits: dict[Wanted, Visits] = field(default_factory=dict)
    busy: defaultdict[UUID, list[Interval]] = field(  # by doctor
        default_factory=lambda: defaultdict(list)
    )
    _made: list[Appointment] = field(default_factory=list, init=False)

    def case_of(self, wanted: Wanted) -> Case | None:
        """Return what is wanted, if it is as plain as a crowd's wish must be."""
        case = self.cases.get((wanted.slot_id, wanted.service_id))
        if case is None or not self._is_plain(wanted.asker):
            return None
        if any(slot.new_patients_only for slot in case.run):
            return None
        if limits.known_room(self.clinic, self.now) is None:
            return None
        return case if self._has_key(wanted) else None

    def wish_of(self, wanted: Wanted, case: Case) -> Wish:
        """Put it in the words of the actions."""
        person = wanted.asker
        if isinstance(person, Bearer):
            person = self.patients[person.user_id]
        return Wish(case.run[0], case.service, case.practice, patient=person)

    def offer(self, wanted: Wanted, wish: Wish, case: Case) -> Offer[object]:
        """Judge a wish as `claims.offer` does.

        Raises:
            BookingError: why it cannot be had.
        """
        facts = [slot.facts() for slot in case.run]
        room = limits.known_room(self.clinic, self.now) or 0
        had = self.visits.get(wanted, _NONE)
        new = [each for each in self._made if each.patient_id == _person(wish)]
        judged = judge(
            facts[0],
            facts[1:],
            visit=claims.visit(case.service, is_offered=case.is_offered),
            policy=claims.policy_of(
                case.practice,
                case.service,
                as_staff=False,
                room_in_cap=had.open + len(new) < case.practice.max_open_appointments,
                room_in_plan=len(self._made) < room,
            ),
            busy=self.busy[wish.doctor.pk],
            now=self.now,
        )
        if not judged.is_free:
            raise claims.refusal(judged, self.now)
        start, end = wish.slot.start, wish.end
        if had.clashing or any(v.start < end and v.end > start for v in new):
            raise PatientBusyError
        return judged

    def note(self, done: Done) -> None:
        """See what was just booked, though it is not written yet."""
        made = done.appointment
        occupied = (made.occupied.lower, made.occupied.upper)
        self.busy[made.doctor_id].append(occupied)
        self._made.append(made)

    def _is_plain(self, asker: Bearer | Patient) -> bool:
        if isinstance(asker, Patient):
            return True
        user = self.users.get(asker.user_id)
        if user is None or user.role != roles.PATIENT:
            return False
        return asker.is_still(user)

    def _has_key(self, wanted: Wanted) -> bool:
        """Whether its key, if it has one, is free; the second use in a turn is not."""
        if wanted.once is None:
            return True
        key = (wanted.once.caller_hash, wanted.once.key)
        if key not in self.keys:
            return False
        self.keys.discard(key)
        return True


def _person(wish: Wish) -> UUID | None:
    return wish.patient.pk if wish.patient else None
