"""What people and staff ask is found by index, however long the clinic's past is.

PostgreSQL is kept from reading whole tables where there is any other way: the few hundred
rows here it may still read quicker than an index.
"""

import json
from copy import copy
from typing import Any

import pytest
from django.db import connection
from django.db.models.base import ModelState
from uuid6 import uuid7

from bookings.models import Appointment, AppointmentChange, OutboxMessage, Patient
from bookings.models.appointments import new_reference
from bookings.tests import make

GROWING = (
    "bookings_patient",
    "bookings_appointment",
    "bookings_outboxmessage",
    "bookings_slot",
)
PAST = 400  # visits, each of somebody else: enough to make a difference
SMALL = {"bookings_doctor"}
# These have only the few rows that are asked for.
PARTIAL = {"appointment_unplaced", "outbox_dead"}
READS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"}


@pytest.fixture
def past(clinic):
    """A clinic at which many have been; on empty tables, any plan is as good."""
    people = Patient.objects.bulk_create(make.new_patient() for _ in range(PAST))
    visit = make.booked(make.slots(make.doctor())[0])
    visit.status = Appointment.Status.CANCELLED
    visits = Appointment.objects.bulk_create(
        another(visit, reference=new_reference(), patient=person) for person in people
    )
    booked = AppointmentChange.objects.get()
    changes = AppointmentChange.objects.bulk_create(
        another(booked, appointment=each) for each in visits
    )
    message = OutboxMessage.objects.get()
    message.state = OutboxMessage.State.SENT
    OutboxMessage.objects.bulk_create(another(message, change=each) for each in changes)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(GROWING)}")


def another(row: Any, **fields: Any) -> Any:
    """A new row that differs from this one only in these fields."""
    new = copy(row)
    new.pk, new._state = uuid7(), ModelState()
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def test_family_is_found_by_index(past):
    user = make.user()
    parent = make.patient(user=user)
    child = make.patient(guardian=parent)

    assert set(Patient.objects.of_user(user)) == {child, parent}
    assert reads(Patient.objects.of_user(user)) == set()


def test_visits_of_a_family_are_found_by_index(past):
    visit = make.booked(make.slots(make.doctor())[0])
    user = make.user()
    Patient.objects.filter(pk=visit.patient_id).update(user=user)
    make.patient(guardian=visit.patient)

    visits = Appointment.objects.visible_to(user)

    assert list(visits) == [visit]
    assert reads(visits) == set()


def test_slots_of_visits_are_found_where_the_visits_are(past):
    visit = make.booked(make.slots(make.doctor())[0])
    visits = Appointment.objects.filter(patient=visit.patient_id)

    assert [each.slot_ids for each in visits.with_slots()] == [visit.original_slots]
    assert [each.slot_ids for each in visits] == [visit.original_slots]
    assert reads(visits.with_slots()) == reads(visit.slots) == set()


@pytest.mark.parametrize("role", ["owner", "doctor"])
def test_visits_without_a_time_are_found_by_index(past, role):
    visits = Appointment.objects.visible_to(make.user(role=role))

    assert reads(visits.filter(is_unplaced=True, status="booked")) == set()


def test_messages_given_up_are_found_by_index(past):
    assert reads(OutboxMessage.objects.filter(state="dead")) == set()


def reads(rows: Any) -> set[str]:
    """The tables, or indexes, of which all is read."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    [told] = json.loads(rows.explain(format="json"))
    return set(_read_whole(told["Plan"])) - SMALL


def _read_whole(node: dict[str, Any]):
    index = node.get("Index Name", "")
    is_searched = "Index Cond" in node or index in PARTIAL
    if node["Node Type"] in READS and not is_searched:
        yield node.get("Relation Name", index)
    for inner in node.get("Plans", ()):
        yield from _read_whole(inner)
