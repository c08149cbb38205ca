"""A crowd's locks and its look: what is asked, and what the answers say.

Locks first, in the one order (keys → slots by id → patients by id; the days follow with
the write), then a look in statements of their own: they see what was committed while
somebody waited for a lock.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from accounts.models import User
from bookings.actions.crowd.sight import Case, Sight, Visits
from bookings.actions.crowd.wanting import Wanted
from bookings.models import Appointment, Doctor, Patient, Practice, Service, Slot
from bookings.models.quickly import partly_known
from tenants.wire import Rows, Step

if TYPE_CHECKING:
    from bookings.once import Once
    from tenants.models import Clinic

Pair = tuple[UUID, UUID | None]  # a slot and the service that is asked for
Run = tuple[int, list[Slot]]  # for how many minutes it was locked, and its slots

_SLOT = (
    *("id", "location_id", "start", "end", "day", "appointment_id", "hold_id"),
    *("held_until", "blocked_by", "staff_only", "new_patients_only", "version"),
)
_USER = ("id", "password", "role", "language", "is_active", "ends_at")
_PATIENT = ("id", "name", "email", "phone", "date_of_birth")
_DOCTOR = ("id", "timezone", "is_active")
_SERVICE = (
    *("id", "duration_minutes", "buffer_before_minutes", "buffer_after_minutes"),
    *("notice_minutes", "is_active"),
)
_PRACTICE = ("notice_minutes", "horizon_days", "max_open_appointments")
_ACTIVE = [str(state) for state in Appointment.ACTIVE]


def _columns(table: str, names: Sequence[str]) -> str:
    return ", ".join(f'{table}."{name}"' for name in names)


# Worked out first, and as a table of its own, so that what is joined to it is found by
# its index: PostgreSQL guesses badly how much is asked for.
_ASKED = """
    WITH asked AS MATERIALIZED (
        SELECT wish.n, first.start, first.doctor_id,
            coalesce(wish.service, doctor.default_service_id) AS service_id
        FROM unnest(%s::uuid[], %s::uuid[]) WITH ORDINALITY AS wish (slot, service, n)
        JOIN {schema}bookings_slot AS first ON first.id = wish.slot
        JOIN {schema}bookings_doctor AS doctor ON doctor.id = first.doctor_id
    ), planned AS MATERIALIZED (
        SELECT asked.*, service.duration_minutes AS minutes,
            asked.start + make_interval(mins => service.duration_minutes) AS "end",
            make_interval(mins => service.buffer_before_minutes) AS before,
            make_interval(mins => service.buffer_after_minutes) AS after
        FROM asked JOIN {schema}bookings_service AS service
            ON service.id = asked.service_id
    )
"""
# In order and with an end, so that the index of doctor and start is what fits, however many
# slots the doctor has. A visit has no more (8 hours of 5 minutes).
_LOCK_SLOTS = f"""{_ASKED}
    SELECT planned.n, planned.minutes, {_columns("run", _SLOT)}
    FROM planned
    CROSS JOIN LATERAL (
        SELECT own.id FROM {{schema}}bookings_slot AS own
        WHERE own.doctor_id = planned.doctor_id
            AND own.start >= planned.start AND own.start < planned."end"
        ORDER BY own.start LIMIT 100) AS found
    JOIN {{schema}}bookings_slot AS run ON run.id = found.id
    ORDER BY run.id FOR UPDATE OF run
"""  # noqa: S608 (names of our own columns, as below)
_LOCK_PEOPLE = f"""
    SELECT {_columns("account", _USER)}, {_columns("patient", _PATIENT)}
    FROM {{schema}}bookings_patient AS patient
    JOIN {{schema}}accounts_user AS account ON account.id = patient.user_id
    WHERE patient.user_id = ANY(%s) ORDER BY patient.id FOR UPDATE OF patient
"""  # noqa: S608
# What occupies a doctor, as the constraint sees it: `Appointment.objects.occupying()`.
# Visits are found by the index of doctor, or patient, and start, since no other can serve
# a comparison of both; left to choose, PostgreSQL reads all visits there are when it plans
# while a table is small. How far around they begin follows from the longest service (8
# hours) and buffers (4). The states come as an argument: were they here, the partial
# indexes of the constraints could serve, too.
_LOOK = f"""{_ASKED}
    SELECT planned.n, clock_timestamp(), had.open, had.clashing,
        ARRAY(SELECT visit.occupied FROM {{schema}}bookings_appointment AS visit
            WHERE (visit.doctor_id, visit.start)
                > (planned.doctor_id, planned.start - interval '16 hours')
            AND (visit.doctor_id, visit.start)
                < (planned.doctor_id, planned."end" + interval '8 hours')
            AND visit.status = ANY(states.active)
            AND NOT visit.is_overbooked AND NOT visit.is_unplaced
            AND visit.occupied && tstzrange(
                planned.start - planned.before, planned."end" + planned.after)),
        EXISTS (SELECT FROM {{schema}}bookings_doctor_services AS own
            WHERE own.doctor_id = doctor.id AND own.service_id = service.id),
        practice.id, {_columns("practice", _PRACTICE)},
        {_columns("doctor", _DOCTOR)}, {_columns("service", _SERVICE)}
    FROM planned
    CROSS JOIN (SELECT %s::text[] AS active) AS states
    JOIN {{schema}}bookings_doctor AS doctor ON doctor.id = planned.doctor_id
    JOIN {{schema}}bookings_service AS service ON service.id = planned.service_id
    LEFT JOIN {{schema}}bookings_practice AS practice ON practice.id = 1
    JOIN unnest(%s::uuid[]) WITH ORDINALITY AS account (id, n) ON account.n = planned.n
    LEFT JOIN {{schema}}bookings_patient AS person ON person.user_id = account.id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE visit.status = 'booked') AS open,
            count(*) FILTER (WHERE NOT visit.is_unplaced
                AND visit.start < planned."end" AND visit."end" > planned.start
            ) AS clashing
        FROM {{schema}}bookings_appointment AS visit
        WHERE visit.patient_id = person.id
            AND (visit.patient_id, visit.start) > (person.id, now() - interval '1 day')
            AND visit."end" > clock_timestamp()
            AND visit.status = ANY(states.active)
    ) AS had
"""  # noqa: S608
# The schema's oid keeps equal keys of two clinics apart, as in `bookings.once`.
_LOCK_KEYS = """
    SELECT pg_try_advisory_xact_lock(number # to_regnamespace(%s)::oid::bigint)
    FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked (number, n) ORDER BY n
"""
_USED_KEYS = """
    SELECT kept.caller, kept.key FROM {schema}bookings_keptanswer AS kept
    JOIN unnest(%s::text[], %s::text[]) AS asked (caller, key)
        ON kept.caller = asked.caller AND kept.key = asked.key
"""


def steps(clinic: "Clinic", wanted: Sequence[Wanted]) -> list[Step]:
    """Lock what is wanted, and read all that decides about it: what `seen` is told."""
    pairs = _pairs(wanted)
    to_lock = [[slot for slot, _ in pairs], [service for _, service in pairs]]
    accounts = [each.account_id for each in wanted]
    to_see = [
        [each.slot_id for each in wanted],
        [each.service_id for each in wanted],
        _ACTIVE,
        accounts,
    ]
    return [
        *_key_steps(clinic, [each.once for each in wanted if each.once]),
        (_LOCK_SLOTS, to_lock),
        (_LOCK_PEOPLE, [[each for each in accounts if each]]),
        (_LOOK, to_see),
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
    return [(_LOCK_KEYS, [clinic.schema_name, numbers]), (_USED_KEYS, names)]


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
        user = partly_known(User, _USER, row[: len(_USER)])
        sight.users[user.pk] = user
        sight.patients[user.pk] = partly_known(Patient, _PATIENT, row[len(_USER) :])
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
        slot = known.setdefault(row[0], partly_known(Slot, _SLOT, row))
        runs.setdefault(pairs[n - 1], (minutes, []))[1].append(slot)
    for _, run in runs.values():
        run.sort(key=lambda slot: slot.start)
    return runs


def _case(locked: Run | None, row: Sequence[Any]) -> Case | None:
    """None if the service has become another one since the slots were locked."""
    is_offered, practice_id, *values = row
    practice = (
        partly_known(Practice, _PRACTICE, values[:3]) if practice_id else Practice()
    )
    doctor = partly_known(Doctor, _DOCTOR, values[3:6])
    service = partly_known(Service, _SERVICE, values[6:])
    if locked is None or locked[0] != service.duration_minutes:
        return None
    for slot in locked[1]:
        slot.doctor = doctor
    is_offered = is_offered and doctor.is_active and service.is_active
    return Case(locked[1], service, practice, is_offered)
