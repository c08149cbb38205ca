"""A crowd's locks and its look: what is asked, and what the answers say.

Locks first, in the one order (keys → slots by id → patients by id; the days follow with
the write), then a look in statements of their own: they see what was committed while
somebody waited for a lock.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from accounts.models import User
from bookings.actions.crowd import statements
from bookings.actions.crowd.sight import Case, Sight, Visits
from bookings.actions.crowd.statements import (
    ACTIVE,
    DOCTOR,
    PATIENT,
    PRACTICE,
    SERVICE,
    SLOT,
    USER,
)
from bookings.actions.crowd.wanting import Wanted
from bookings.models import Doctor, Patient, Practice, Service, Slot
from bookings.models.quickly import partly_known, relate
from tenants.wire import Rows, Step

if TYPE_CHECKING:
    from bookings.once import Once
    from tenants.models import Clinic

Pair = tuple[UUID, UUID | None]  # a slot and the service that is asked for
Run = tuple[int, list[Slot]]  # for how many minutes it was locked, and its slots


def steps(clinic: "Clinic", wanted: Sequence[Wanted]) -> list[Step]:
    """Lock what is wanted, and read all that decides about it: what `seen` is told."""
    of_keys = _key_steps(clinic, [each.once for each in wanted if each.once])
    if len(wanted) == 1:
        asked, arguments = statements.ONE, _arguments_of_one(wanted[0])
    else:
        asked, arguments = statements.MANY, _arguments_of_many(wanted)
    return [*of_keys, *zip(asked, arguments, strict=True)]


def _arguments_of_one(wanted: Wanted) -> list[list[Any]]:
    pair, account = [wanted.slot_id, wanted.service_id], wanted.account_id
    return [pair, [account], [*pair, ACTIVE, account]]


def _arguments_of_many(wanted: Sequence[Wanted]) -> list[list[Any]]:
    pairs = _pairs(wanted)
    accounts = [each.account_id for each in wanted]
    slots, services = [w.slot_id for w in wanted], [w.service_id for w in wanted]
    return [
        [[slot for slot, _ in pairs], [service for _, service in pairs]],
        [[each for each in accounts if each]],
        [slots, services, ACTIVE, accounts],
    ]


def seen(clinic: "Clinic", wanted: Sequence[Wanted], rows: Sequence[Rows]) -> Sight:
    """Say what was seen, by the rows of each of the steps."""
    *of_keys, slots, had, looked = rows
    keys = [each.once for each in wanted if each.once]
    free = _free(keys, *of_keys) if keys else set()
    return _sight(clinic, wanted, _runs(_pairs(wanted), slots), had, looked, free)


def _pairs(wanted: Sequence[Wanted]) -> list[Pair]:
    return list(dict.fromkeys((each.slot_id, each.service_id) for each in wanted))


def _key_steps(clinic: "Clinic", keys: "list[Once]") -> list[Step]:
    if not keys:
        return []
    numbers = [key.lock_number for key in keys]
    names = [[key.caller_hash for key in keys], [key.key for key in keys]]
    return [
        (statements.LOCK_KEYS, [clinic.schema_name, numbers]),
        (statements.USED_KEYS, names),
    ]


def _free(keys: "list[Once]", locked: Rows, used: Rows) -> set[tuple[str, str]]:
    had = [key for key, (is_had,) in zip(keys, locked, strict=True) if is_had]
    return {(key.caller_hash, key.key) for key in had} - {(c, k) for c, k in used}


def _sight(
    clinic: "Clinic",
    wanted: Sequence[Wanted],
    runs: dict[Pair, Run],
    people: Rows,
    looked: Rows,
    free: set[tuple[str, str]],
) -> Sight:
    sight = Sight(clinic, keys=free)
    for row in people:
        user = partly_known(User, USER, row[: len(USER)])
        sight.users[user.pk] = user
        sight.patients[user.pk] = partly_known(Patient, PATIENT, row[len(USER) :])
    for n, now, has, clashing, occupied, *rest in looked:
        asked = wanted[n - 1]
        pair = (asked.slot_id, asked.service_id)
        sight.now = now
        sight.visits[asked] = Visits(has, clashing)
        if pair in sight.cases or (case := _case(runs.get(pair), rest)) is None:
            continue
        sight.cases[pair] = case
        times = [(each.lower, each.upper) for each in occupied]
        sight.busy[case.run[0].doctor_id] += times
    return sight


def _runs(pairs: list[Pair], rows: Rows) -> dict[Pair, Run]:
    """The slots of each pair, and for how many minutes they were locked.

    One object for each slot: what a booking does to it, all who want it see.
    """
    known: dict[UUID, Slot] = {}
    runs: dict[Pair, Run] = {}
    for n, minutes, *row in rows:
        slot = known.setdefault(row[0], partly_known(Slot, SLOT, row))
        runs.setdefault(pairs[n - 1], (minutes, []))[1].append(slot)
    for _, run in runs.values():
        run.sort(key=lambda slot: slot.start)
    return runs


def _case(locked: Run | None, row: Sequence[Any]) -> Case | None:
    """None if the service has become another one since the slots were locked."""
    is_offered, practice_id, *values = row
    practice = (
        partly_known(Practice, PRACTICE, values[:3]) if practice_id else Practice()
    )
    doctor = partly_known(Doctor, DOCTOR, values[3:6])
    service = partly_known(Service, SERVICE, values[6:])
    if locked is None or locked[0] != service.duration_minutes:
        return None
    for slot in locked[1]:
        relate(slot, doctor=doctor)
    is_offered = is_offered and doctor.is_active and service.is_active
    return Case(locked[1], service, practice, is_offered)
