"""What a crowd asks is found by index, whatever a table's size was when it was planned.

Connections plan once and for all clinics' sizes; a plan that was made on an empty table
and reads all of it would be found out only when the table has grown.
"""

import json
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from bookings.actions.crowd.statements import MANY, ONE
from bookings.models import Patient
from bookings.quick import lists, looks
from bookings.tests import make
from tenants import pools
from tenants.wire import _in_full

BY_START = {"bookings_ap_doctor__60b811_idx", "bookings_ap_patient_b2045b_idx"}
BY_ACCOUNT = {"bookings_patient_user_id_key"}
# Tables that grow, by the beginning of their indexes' names.
GROWING = (
    *("bookings_slot_", "slot_", "bookings_ap", "appointment_", "doctor_day_once"),
    *("bookings_patient_", "accounts_user_pkey"),
)

ASKED = {
    **{each.lock_slots: {"bookings_slot_pkey", "slot_once"} for each in (MANY, ONE)},
    **{each.lock_people: {*BY_ACCOUNT, "accounts_user_pkey"} for each in (MANY, ONE)},
    **{
        each.look: {"bookings_slot_pkey", *BY_START, *BY_ACCOUNT}
        for each in (MANY, ONE)
    },
    lists._LOOK: {"doctor_day_once"},
    lists._READ: {"slot_once"},
    looks._LOOK_AT_DAYS: {"doctor_day_once"},
    looks._LOOK_AT_ALL_DAYS: {"doctor_day_once"},
}


# Publishing fills a calendar at once, and PostgreSQL looks at it within a minute; visits and
# revisions come one by one, and their plan was often made when there were none.
STATES = ["never looked at", "looked at while empty", "looked at when full"]
COME_ONE_BY_ONE = "bookings_appointment, bookings_doctorday"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("statement", ASKED)
def test_it_is_found_by_the_one_index_that_fits(clinic, state, statement):
    if state == "looked at while empty":
        _analyze(COME_ONE_BY_ONE)
    calendars = [make.slots(make.doctor(), number=400) for _ in range(3)]
    _accounts(200)
    _analyze("bookings_slot, bookings_patient, accounts_user")
    make.booked(calendars[0][0])
    if state == "looked at when full":
        _analyze(COME_ONE_BY_ONE)

    used = dict(_indexes(_plan(statement, clinic.schema_name)))

    of_growing = {name: by for name, by in used.items() if name.startswith(GROWING)}
    assert set(of_growing) == ASKED[statement], used
    assert all(of_growing.values()), f"reads all of it: {used}"


def _accounts(number: int) -> None:
    """As many as may tempt PostgreSQL to read all of them; their passwords are never asked."""
    users = User.objects.bulk_create(
        User(email=f"{n}@plans.example", password="!") for n in range(number)
    )
    Patient.objects.bulk_create(make.new_patient(user=user) for user in users)


def _analyze(tables: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")


def _plan(statement: str, schema: str) -> dict[str, Any]:
    """Plan it as the pool's connections do."""
    text = _in_full(statement, schema).decode()
    arguments = ", ".join(["NULL"] * text.count("$"))
    with connection.cursor() as cursor:
        for setting in pools.PLANNING:
            cursor.execute(setting.replace("SET ", "SET LOCAL "))
        cursor.execute(f"PREPARE planned AS {text}")
        cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE planned ({arguments})")
        [[told]] = cursor.fetchall()
        cursor.execute("DEALLOCATE planned")
    [plan] = json.loads(told) if isinstance(told, str) else told
    whole: dict[str, Any] = plan["Plan"]
    return whole


def _indexes(node: dict[str, Any]):
    """Yield each index that is used, with the condition by which it is searched."""
    if "Index Name" in node:
        yield node["Index Name"], node.get("Index Cond")
    assert node["Node Type"] != "Seq Scan"
    for inner in node.get("Plans", ()):
        yield from _indexes(inner)
