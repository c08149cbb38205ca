"""What clinics use: counted by their workers, told to their owners before it is too much."""

from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts import tokens
from bookings.actions import appointments, limits
from bookings.models import Appointment
from bookings.outbox import worker
from bookings.tests import make
from tenants import hosts, usage
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic, Plan, Usage

HOST = {"host": "riverside.localhost"}


@pytest.fixture
def riverside(clinic):
    """Riverside on a plan for 10 doctors, 10 appointments, and any number of calls."""
    make.practice()
    with platform_context():
        plan = Plan.objects.create(
            code="tiny", name="Tiny", max_doctors=10, max_appointments=10
        )
        Clinic.objects.filter(pk=clinic.pk).update(plan=plan)
        fresh = Clinic.objects.get(pk=clinic.pk)
    hosts.forget()
    limits.forget()
    with clinic_context(fresh):
        yield fresh
    limits.forget()


def test_a_table_that_is_being_migrated_holds_nobody_up(riverside):
    report(riverside, doctors=1)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            table = f'"{riverside.schema_name}".bookings_slot'
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            report(riverside, doctors=2)
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    with platform_context():
        kept = Usage.objects.get(clinic=riverside)
    assert kept.doctors == 2
    assert kept.size_bytes > 0


def report(clinic, **numbers):
    given = {"doctors": 0, "appointments": 0, "api_calls": 0, "last_active_at": None}
    usage.report(clinic, **given | {"now": timezone.now()} | numbers)


def states(clinic, **more):
    return {level.name: level.state for level in usage.levels(clinic, **more)}


def test_nothing_is_reported_of_a_clinic_that_nobody_counted_yet(riverside):
    assert [level.used for level in usage.levels(riverside)] == [0, 0, 0]
    assert set(states(riverside).values()) == {"ok"}


@pytest.mark.parametrize(
    ("used", "state"), [(7, "ok"), (8, "near"), (9, "near"), (10, "full"), (12, "full")]
)
def test_four_fifths_of_a_limit_are_near_it(riverside, used, state):
    report(riverside, doctors=used, appointments=used, api_calls=10**6)
    assert states(riverside) == {
        "doctors": state,
        "appointments": state,
        "api_calls": "ok",  # without a limit
    }


def test_last_month_s_numbers_are_not_this_month_s(riverside):
    report(riverside, doctors=10, appointments=10)
    later = usage.next_month_of(riverside, timezone.now())
    assert states(riverside, now=later) == {
        "doctors": "full",
        "appointments": "ok",
        "api_calls": "ok",
    }


def test_the_worker_counts_in_the_clinic_and_reports_to_the_platform(
    riverside, other_clinic, monkeypatch
):
    doctor = make.doctor()
    make.doctor(is_active=False)
    first, second, *_rest = make.slots(doctor)
    for slot in (first, second):
        made = make.booked(slot)
    appointments.cancel(
        appointment_id=made.pk, by=None, via=Appointment.Via.PAGE, as_staff=True
    )
    token = tokens.issue(make.user(role="owner"), riverside.pk).access
    Client(headers=HOST | {"authorization": f"Bearer {token}"}).get("/api/v1/doctors/")
    with clinic_context(other_clinic):
        make.doctor()
        make.doctor()
    monkeypatch.setattr(worker.Worker, "_keep_published", lambda *_: None)
    running = worker.Worker()
    running.sweep()
    row = _usage_of(riverside)
    assert (row.doctors, row.appointments, row.api_calls) == (1, 1, 1)
    assert row.size_bytes > 500_000
    assert timezone.now() - row.last_active_at < timedelta(minutes=1)
    assert _usage_of(other_clinic).doctors == 2

    make.booked(second)  # within the minute nothing is counted again
    running.sweep()
    assert _usage_of(riverside).appointments == 1
    running._reported.clear()
    running.sweep()
    assert _usage_of(riverside).appointments == 2


def test_the_owner_is_warned_on_the_overview_and_nobody_else(riverside):
    report(riverside, doctors=8, appointments=10)
    page = _browser("owner").get("/admin/").text
    assert "Doctors: 8 of 10 of your plan “Tiny”." in page
    assert "Appointments this month: 10 of 10 of your plan “Tiny”." in page
    assert page.count("nothing new can be added") == 1
    assert "your plan" not in _browser("reception").get("/admin/").text


def _usage_of(clinic):
    with platform_context():
        return Usage.objects.get(clinic=clinic)


def _browser(role):
    client = Client(headers=HOST)
    client.force_login(make.user(role=role))
    return client
