"""What a clinic has behind it, by plain SQL: times that went by, a year of visits."""

from collections.abc import Iterator

from django.db import transaction

from benchmarks.filled import Filled
from bookings.models import Doctor, Slot
from tenants.context import clinic_context, connection

_A_DAY = 40  # times of a doctor: from 8 to 18, every 15 minutes, as the coming ones
_LEFT = 90  # doctors who have left, and whose times are the other half
_STRETCH = 50  # days of a statement: what foreign keys wait for stays in memory
WEEK, YEAR = 7, 365

# As publishing leaves it behind: one day after the other, all doctors of each, and ids
# that grow with time. %s: the days ago of the first and the last one, whether of those
# who are still here.
_BEGAN = f"""
    FROM bookings_doctor AS doctor
    CROSS JOIN generate_series(%s, %s, -1) AS ago
    CROSS JOIN generate_series(0, {_A_DAY - 1}) AS number
    CROSS JOIN LATERAL (SELECT current_date - ago AS day) AS on_day
    CROSS JOIN LATERAL (SELECT day + time '08:00' + number * interval '15 minutes'
        AS wall) AS on_clock
    CROSS JOIN LATERAL (SELECT wall AT TIME ZONE doctor.timezone AS start) AS began
    WHERE doctor.is_active = %s
"""
_SLOTS = f"""
    INSERT INTO bookings_slot (id, doctor_id, location_id, start, "end", day,
        blocked_by, block_note, staff_only, new_patients_only, version)
    SELECT uuidv7(start - now()), doctor.id, doctor.location_id, start,
        start + interval '15 minutes', day, '', '', false, false, 1
    {_BEGAN} ORDER BY start, doctor.id
    ON CONFLICT DO NOTHING
"""
_DAYS = """
    INSERT INTO bookings_doctorday (doctor_id, day, revision)
    SELECT doctor_id, day, count(*) FROM bookings_slot GROUP BY doctor_id, day
    ON CONFLICT DO NOTHING
"""
# On weekdays every time was had. Every other visit was a guest's, who is a new person each
# time; the others were of patients one after the other, so nobody was at two places at
# once. Each was booked through a hold, told by mail, and came; half as many holds again
# were left to lapse.
_VISITS = f"""
    WITH people AS MATERIALIZED (
        SELECT id, user_id, row_number() OVER (ORDER BY id) AS n
        FROM bookings_patient WHERE user_id IS NOT NULL
    ), visits AS MATERIALIZED (
        SELECT uuidv7(start - now()) AS id, uuidv7(start - now()) AS slot,
            uuidv7(start - now()) AS change, uuidv7(start - now()) AS guest,
            row_number() OVER (ORDER BY start, doctor.id) AS n,
            doctor.id AS doctor, doctor.default_service_id AS service,
            doctor.location_id AS location, doctor.timezone AS zone, day, wall, start,
            start + interval '15 minutes' AS "end", start - interval '14 days' AS booked,
            'P' || ago || '-' || number || '-' || doctor.position AS reference
        {_BEGAN} AND extract(isodow FROM day) < 6
    ), had AS MATERIALIZED (
        SELECT visits.*, coalesce(people.id, guest) AS patient,
            encode(sha256(coalesce('holder:user:' || user_id, guest::text)::bytea),
                'hex') AS holder
        FROM visits LEFT JOIN people ON visits.n %% 2 = 0
            AND people.n = visits.n / 2 %% (SELECT count(*) FROM people) + 1
    ), guests AS (
        INSERT INTO bookings_patient (id, name, email, phone, language, created_at)
        SELECT guest, 'Guest ' || reference, reference || '@guest.example', '', 'en',
            booked FROM had WHERE patient = guest
    ), appointments AS (
        INSERT INTO bookings_appointment (id, reference, doctor_id, service_id,
            location_id, patient_id, start, "end", occupied, wall_start, zone, fold,
            original_slots, status, version, booked_via, language, reason,
            is_overbooked, is_unplaced, created_at)
        SELECT id, reference, doctor, service, location, patient, start, "end",
            tstzrange(start, "end"), to_char(wall, 'YYYY-MM-DD"T"HH24:MI'), zone, 0,
            ARRAY[slot], 'completed', 2, 'page', 'en', '', false, false, booked
        FROM had
    ), slots AS (
        INSERT INTO bookings_slot (id, doctor_id, location_id, start, "end", day,
            appointment_id, blocked_by, block_note, staff_only, new_patients_only,
            version)
        SELECT slot, doctor, location, start, "end", day, id, '', '', false, false, 3
        FROM had
    ), history AS (
        INSERT INTO bookings_appointmentchange (id, appointment_id, kind, via, reason,
            version, start, "end", at)
        SELECT change, id, 'booked', 'page', '', 1, start, "end", booked FROM had
        UNION ALL
        SELECT uuidv7("end" - now()), id, 'completed', 'desk', '', 2, start, "end", "end"
        FROM had
    ), messages AS (
        INSERT INTO bookings_outboxmessage (id, change_id, state, due_at, attempts,
            last_error, sent_at)
        SELECT uuidv7(booked - now()), change, 'sent', booked, 1, '', booked FROM had
    )
    INSERT INTO bookings_hold (id, token_hash, doctor_id, service_id, first_slot_id,
        appointment_id, holder, address, expires_at, renewals, created_at)
    SELECT uuidv7(booked - now()), encode(sha256((id || kind)::bytea), 'hex'), doctor,
        service, slot, CASE kind WHEN 'used' THEN id END, holder, '',
        booked + interval '5 minutes', 0, booked
    FROM had CROSS JOIN unnest(ARRAY['used', 'lapsed']) AS kind
    WHERE kind = 'used' OR n %% 4 < 2
"""  # noqa: S608


def add_slots(clinic: Filled, number: int) -> None:
    """Fill the past until there are about so many slots.

    Half of them are of the doctors who can be booked, so that the past of each is long.
    """
    with clinic_context(clinic.clinic):
        missing = number - Slot.objects.count()
        present = len(clinic.doctors)
        _add_those_who_left()
        for is_active, doctors in ((True, present), (False, _LEFT)):
            _fill(_SLOTS, missing // 2 // doctors // _A_DAY, is_active=is_active)
        _count_days()


def opened(clinic: Filled, days: int) -> Filled:
    """Let a clinic be so many days old, and leave it as it is to be measured.

    Of one where there was no visit yet, PostgreSQL knows nothing, and its plans would be
    worse than those for any clinic that is open.
    """
    add_visits(clinic, days)
    clinic.keep_still()
    clinic.tidy()
    return clinic


def add_visits(clinic: Filled, days: int) -> None:
    """Let all times of so many days be had, weekends left out."""
    with clinic_context(clinic.clinic):
        _fill(_VISITS, days, is_active=True)
        _count_days()


def slots(clinic: Filled) -> int:
    """How many there are, past and coming."""
    with clinic_context(clinic.clinic):
        return Slot.objects.count()


def _add_those_who_left() -> None:
    like = Doctor.objects.all()[0]
    Doctor.objects.bulk_create(
        Doctor(
            slug=f"left-{n}",
            name=f"Left {n}",
            specialty=like.specialty,
            timezone=like.timezone,
            location_id=like.location_id,
            default_service_id=like.default_service_id,
            position=2000 + n,
            is_active=False,
        )
        for n in range(_LEFT)
    )


def _fill(statement: str, days: int, *, is_active: bool) -> None:
    for first, last in _stretches(days):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            cursor.execute(statement, [first, last, is_active])


def _stretches(days: int) -> Iterator[tuple[int, int]]:
    """From the oldest on: the first and the last day of each, in days ago.

    Yesterday is not among them, which may not be over yet elsewhere.
    """
    for first in range(days + 1, 1, -_STRETCH):
        yield first, max(2, first - _STRETCH + 1)


def _count_days() -> None:
    """Every day that was published has its revision."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS)
