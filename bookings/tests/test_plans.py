"""What people and staff ask is found by index, however long the clinic's past is.

PostgreSQL is kept from reading whole tables where there is any other way, so that it
shows on small ones whether there is.
"""

import json
from typing import Any

import pytest
from django.db import connection

from bookings.models import Appointment, OutboxMessage, Patient
from bookings.tests import make

SMALL = {"bookings_doctor"}
# These have only the few rows that are asked for.
PARTIAL = {"appointment_unplaced", "outbox_dead"}
READS = {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"}


def test_family_is_found_by_index(clinic):
    user = make.user()
    parent = make.patient(user=user)
    child = make.patient(guardian=parent)

    assert set(Patient.objects.of_user(user)) == {child, parent}
    assert reads(Patient.objects.of_user(user)) == set()


def test_visits_of_a_family_are_found_by_index(clinic):
    visit = make.booked(make.slots(make.doctor())[0])
    user = make.user()
    Patient.objects.filter(pk=visit.patient_id).update(user=user)
    make.patient(guardian=visit.patient)

    visits = Appointment.objects.visible_to(user)

    assert list(visits) == [visit]
    assert reads(visits) == set()


@pytest.mark.parametrize("role", ["owner", "doctor"])
def test_visits_without_a_time_are_found_by_index(clinic, role):
    visits = Appointment.objects.visible_to(make.user(role=role))

    assert reads(visits.filter(is_unplaced=True, status="booked")) == set()


def test_messages_given_up_are_found_by_index(clinic):
    assert reads(OutboxMessage.objects.filter(state="dead")) == set()


def reads(rows: Any) -> set[str]:
    """The tables, or indexes, of which all is read.

    In no order: on small tables an index that has it may be read as a whole instead.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    [told] = json.loads(rows.order_by().explain(format="json"))
    return set(_read_whole(told["Plan"])) - SMALL


def _read_whole(node: dict[str, Any]):
    index = node.get("Index Name", "")
    is_searched = "Index Cond" in node or index in PARTIAL
    if node["Node Type"] in READS and not is_searched:
        yield node.get("Relation Name", index)
    for inner in node.get("Plans", ()):
        yield from _read_whole(inner)
