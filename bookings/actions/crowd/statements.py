"""What a crowd's transaction asks of PostgreSQL before it judges: the statements.

In two forms: for many wishes of a clinic, which come as arrays, and for a lone one, which
costs PostgreSQL a fifth less so. What they say is the same, and written once.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bookings.models import Appointment

SLOT = (
    *("id", "location_id", "start", "end", "day", "appointment_id", "hold_id"),
    *("held_until", "blocked_by", "staff_only", "new_patients_only", "version"),
)
USER = ("id", "password", "role", "language", "is_active", "ends_at")
PATIENT = ("id", "name", "email", "phone", "date_of_birth")
DOCTOR = ("id", "timezone", "is_active")
SERVICE = (
    *("id", "duration_minutes", "buffer_before_minutes", "buffer_after_minutes"),
    *("notice_minutes", "is_active"),
)
PRACTICE = ("notice_minutes", "horizon_days", "max_open_appointments")
ACTIVE = [str(state) for state in Appointment.ACTIVE]


class Statements(NamedTuple):
    """Of a look, in the order in which they are run."""

    lock_slots: str  # of slots and services
    lock_people: str  # of accounts
    look: str  # of slots, services, active states and accounts


class _Form(NamedTuple):
    """How arguments are written."""

    wishes: str
    accounts: str
    their_account: str
    # A table of its own, so that what is joined to it is found by its index: PostgreSQL
    # guesses badly how much is asked for. Of one it needs not guess.
    first: str


_OF_MANY = _Form(
    wishes="unnest(%s::uuid[], %s::uuid[]) WITH ORDINALITY AS wish (slot, service, n)",
    accounts="unnest(%s::uuid[]) WITH ORDINALITY AS account (id, n)",
    their_account="patient.user_id = ANY(%s)",
    first="MATERIALIZED",
)
_OF_ONE = _Form(
    wishes="(VALUES (%s::uuid, %s::uuid, 1)) AS wish (slot, service, n)",
    accounts="(VALUES (%s::uuid, 1)) AS account (id, n)",
    their_account="patient.user_id = %s",
    first="NOT MATERIALIZED",
)


def _columns(table: str, names: Sequence[str]) -> str:
    return ", ".join(f'{table}."{name}"' for name in names)


def _asked(form: _Form) -> str:
    return f"""
    WITH asked AS {form.first} (
        SELECT wish.n, first.start, first.doctor_id,
            coalesce(wish.service, doctor.default_service_id) AS service_id
        FROM {form.wishes}
        JOIN {{schema}}bookings_slot AS first ON first.id = wish.slot
        JOIN {{schema}}bookings_doctor AS doctor ON doctor.id = first.doctor_id
    ), planned AS {form.first} (
        SELECT asked.*, service.duration_minutes AS minutes,
            asked.start + make_interval(mins => service.duration_minutes) AS "end",
            make_interval(mins => service.buffer_before_minutes) AS before,
            make_interval(mins => service.buffer_after_minutes) AS after
        FROM asked JOIN {{schema}}bookings_service AS service
            ON service.id = asked.service_id
    )"""  # noqa: S608 (names of our own columns, as below)


def _lock_slots(form: _Form) -> str:
    """The slots of each visit.

    In order and with an end, so that the index of doctor and start is what fits, however
    many slots the doctor has. A visit has no more (8 hours of 5 minutes).
    """
    return f"""{_asked(form)}
    SELECT planned.n, planned.minutes, {_columns("run", SLOT)}
    FROM planned
    CROSS JOIN LATERAL (
        SELECT own.id FROM {{schema}}bookings_slot AS own
        WHERE own.doctor_id = planned.doctor_id
            AND own.start >= planned.start AND own.start < planned."end"
        ORDER BY own.start LIMIT 100) AS found
    JOIN {{schema}}bookings_slot AS run ON run.id = found.id
    ORDER BY run.id FOR UPDATE OF run
"""  # noqa: S608


def _lock_people(form: _Form) -> str:
    return f"""
    SELECT {_columns("account", USER)}, {_columns("patient", PATIENT)}
    FROM {{schema}}bookings_patient AS patient
    JOIN {{schema}}accounts_user AS account ON account.id = patient.user_id
    WHERE {form.their_account} ORDER BY patient.id FOR UPDATE OF patient
"""  # noqa: S608


def _look(form: _Form) -> str:
    """All that decides.

    What occupies a doctor is as the constraint sees it: `Appointment.objects.occupying()`.
    Visits are found by the index of doctor, or patient, and start, since no other can serve
    a comparison of both; left to choose, PostgreSQL reads all visits there are when it plans
    while a table is small. How far around they begin follows from the longest service (8
    hours) and buffers (4). The states come as an argument: were they here, the partial
    indexes of the constraints could serve, too.
    """
    return f"""{_asked(form)}
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
        practice.id, {_columns("practice", PRACTICE)},
        {_columns("doctor", DOCTOR)}, {_columns("service", SERVICE)}
    FROM planned
    CROSS JOIN (SELECT %s::text[] AS active) AS states
    JOIN {{schema}}bookings_doctor AS doctor ON doctor.id = planned.doctor_id
    JOIN {{schema}}bookings_service AS service ON service.id = planned.service_id
    LEFT JOIN {{schema}}bookings_practice AS practice ON practice.id = 1
    JOIN {form.accounts} ON account.n = planned.n
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


def _all(form: _Form) -> Statements:
    return Statements(_lock_slots(form), _lock_people(form), _look(form))


MANY = _all(_OF_MANY)
ONE = _all(_OF_ONE)

# The schema's oid keeps equal keys of two clinics apart, as in `bookings.once`.
LOCK_KEYS = """
    SELECT pg_try_advisory_xact_lock(number # to_regnamespace(%s)::oid::bigint)
    FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked (number, n) ORDER BY n
"""
USED_KEYS = """
    SELECT kept.caller, kept.key FROM {schema}bookings_keptanswer AS kept
    JOIN unnest(%s::text[], %s::text[]) AS asked (caller, key)
        ON kept.caller = asked.caller AND kept.key = asked.key
"""
