"""Many at once, with real commits: the three layers, together and one by one."""

import logging
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from itertools import combinations

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from bookings import locking
from bookings.actions import appointments, holds
from bookings.errors import BookingError
from bookings.models import Appointment, Slot
from bookings.tests import make
from tenants.context import clinic_context

PAGE = Appointment.Via.PAGE


def at_once(clinic, jobs: list[Callable[[], object]], threads: int = 16) -> list[str]:
    """Run all jobs in threads of this clinic; returns each one's outcome."""

    def run(job: Callable[[], object]) -> str:
        try:
            with clinic_context(clinic):
                job()
        except BookingError as error:
            return error.code
        finally:
            close_old_connections()
            connection.close()
        return "done"

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, jobs))


def book(slot, **wishes):
    person = wishes.pop("patient", None) or make.new_patient()
    return appointments.book(
        slot_id=slot.pk, patient=person, by=None, via=PAGE, **wishes
    )


def no_overlaps() -> bool:
    """Look at the rows themselves, not at what the code says of them."""
    active = Appointment.objects.active().order_by("doctor", "start")
    return not any(
        a.doctor_id == b.doctor_id and a.start < b.end and b.start < a.end
        for a, b in combinations(active, 2)
    )


@pytest.fixture(autouse=True)
def _open_rules(committed):
    make.practice()


def test_forty_people_want_one_slot_and_one_gets_it(committed):
    slot, *_ = make.slots(make.doctor())

    outcomes = Counter(at_once(committed, [lambda: book(slot)] * 40))

    assert outcomes["done"] == 1
    assert set(outcomes) <= {"done", "slot_taken", "slot_busy"}
    assert Appointment.objects.count() == 1


def test_the_same_without_redis(committed, monkeypatch):
    monkeypatch.setattr(locking.breaker, "is_open", lambda: True)
    slot, *_ = make.slots(make.doctor())

    outcomes = Counter(at_once(committed, [lambda: book(slot)] * 40))

    assert outcomes["done"] == 1
    assert set(outcomes) <= {"done", "slot_taken"}


def test_the_constraint_alone_decides_when_every_lock_is_gone(committed, monkeypatch):
    monkeypatch.setattr(locking, "slot_locks", lambda _ids: nullcontext())
    monkeypatch.setattr(locking, "bump_days", lambda _days: None)
    monkeypatch.setattr(
        locking, "lock_slots", lambda ids: list(Slot.objects.filter(pk__in=set(ids)))
    )
    slot, *_ = make.slots(make.doctor())

    outcomes = Counter(at_once(committed, [lambda: book(slot)] * 40))

    assert outcomes["done"] == 1
    assert set(outcomes) == {"done", "slot_taken"}
    assert Appointment.objects.count() == 1


def test_one_person_at_two_doctors_at_once_gets_one(committed):
    one, *_ = make.slots(make.doctor())
    other, *_ = make.slots(make.doctor())
    person = make.patient()

    outcomes = at_once(
        committed,
        [partial(book, slot, patient=person) for slot in [one, other] * 8],
    )

    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "patient_busy", "slot_taken", "slot_busy"}


def test_the_cap_holds_when_all_try_at_once(committed):
    make.practice(max_open_appointments=2)
    free = make.slots(make.doctor(), number=8)
    person = make.patient()

    outcomes = at_once(
        committed, [partial(book, slot, patient=person) for slot in free]
    )

    assert outcomes.count("done") == 2


def test_a_form_sent_twice_at_once_makes_one_appointment(committed):
    slot, *_ = make.slots(make.doctor())
    placed = holds.place(slot_id=slot.pk, holder="browser")

    outcomes = at_once(committed, [lambda: book(slot, hold_token=placed.token)] * 6)

    assert set(outcomes) == {"done"}
    assert Appointment.objects.count() == 1


def test_overlapping_runs_holds_and_cancels_mix_without_deadlock(committed, caplog):
    caplog.set_level(logging.INFO, "bookings.locking")
    long = make.service(minutes=60, buffer_after_minutes=10)
    short = make.service(minutes=20)
    doctor = make.doctor(services=[long, short])
    free = make.slots(doctor, number=9)
    dice = random.Random(7)

    def anything() -> None:
        slot, service = dice.choice(free), dice.choice([long, short])
        match dice.choice(["book", "book", "hold", "cancel"]):
            case "book":
                book(slot, service=service)
            case "hold":
                who = str(dice.randrange(4))
                placed = holds.place(slot_id=slot.pk, service=service, holder=who)
                holds.release(placed.token)
            case "cancel":
                for found in Appointment.objects.active()[:1]:
                    appointments.cancel(appointment_id=found.pk, by=None, via=PAGE)

    outcomes = Counter(at_once(committed, [anything] * 150))

    assert no_overlaps()
    assert outcomes["done"] > 10
    assert "unavailable" not in outcomes
    assert not [line for line in caplog.messages if "again" in line]


def test_locks_are_always_taken_in_the_documented_order(committed):
    doctor = make.doctor(services=[make.service(minutes=40)])
    slot, *_ = make.slots(doctor)
    person = make.patient()

    with CaptureQueriesContext(
        connection,
    ) as booking:
        made = book(slot, patient=person)
    with CaptureQueriesContext(connection) as cancelling:
        appointments.cancel(appointment_id=made.pk, by=None, via=PAGE)

    assert locks_in(booking) == ["slots by id", "patient", "doctor-day"]
    assert locks_in(cancelling) == ["slots by id", "appointment", "doctor-day"]


def locks_in(queries: CaptureQueriesContext) -> list[str]:
    found = []
    for query in queries:
        sql = query["sql"]
        if "FOR UPDATE" in sql and 'FROM "bookings_slot"' in sql:
            assert 'ORDER BY "bookings_slot"."id" ASC' in sql
            found.append("slots by id")
        elif "FOR UPDATE" in sql and 'FROM "bookings_appointment"' in sql:
            found.append("appointment")
        elif "FOR UPDATE" in sql and 'FROM "bookings_patient"' in sql:
            found.append("patient")
        elif "INSERT INTO bookings_doctorday" in sql:
            found.append("doctor-day")
    return found


def test_cancelling_and_moving_at_once_leave_no_slot_behind(committed):
    doctor = make.doctor()
    free = make.slots(doctor, number=40)
    made = [book(slot) for slot in free[:12]]
    jobs: list[Callable[[], object]] = []
    for n, visit in enumerate(made):
        jobs += [
            partial(move, visit, free[12 + n]),
            partial(appointments.cancel, appointment_id=visit.pk, by=None, via=PAGE),
            partial(move, visit, free[24 + n]),
        ]
    random.Random(3).shuffle(jobs)

    outcomes = Counter(at_once(committed, jobs))

    assert set(outcomes) <= {"done", "already_cancelled", "slot_busy"}
    for visit in Appointment.objects.all():
        has = [slot.start for slot in visit.slots.all()]
        assert has == ([visit.start] if visit.is_active else [])


def move(visit, slot):
    appointments.reschedule(appointment_id=visit.pk, slot_id=slot.pk, by=None, via=PAGE)
