"""The worker as it really runs: processes, killed and side by side, real commits."""

import signal
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bookings import locking
from bookings.actions import holds
from bookings.models import OutboxMessage, Practice, Slot
from bookings.outbox import deliver, horizon
from bookings.outbox.worker import Worker
from bookings.tests import make
from bookings.tests.outbox.booking import book
from bookings.tests.outbox.mailbox import wait_until
from tenants import due
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic, DueWork


@pytest.fixture(autouse=True)
def _open_rules(committed):
    make.practice()


@pytest.fixture
def harbor(committed) -> Clinic:
    """The other clinic, with real commits too."""
    with platform_context():
        return Clinic.objects.get(slug="harbor")


def test_a_booking_s_mail_leaves_within_a_second_or_two(worker, mailbox):
    book()
    worker()
    mailbox.wait_for(1)

    started = time.monotonic()
    book()
    mailbox.wait_for(2)

    assert time.monotonic() - started < 2


def test_two_workers_side_by_side_send_each_message_once(worker, mailbox):
    slots = make.slots(make.doctor(), number=30)
    worker()
    worker()

    for slot in slots:
        book(slot)
    mailbox.wait_for(30)
    wait_until(lambda: not OutboxMessage.objects.filter(state="waiting").exists())

    sent = Counter(message["Message-ID"] for message in mailbox.messages)
    assert len(sent) == 30
    assert set(sent.values()) == {1}


def test_killed_between_send_and_mark_it_sends_again_under_the_same_id(worker, mailbox):
    book()
    mailbox.is_prompt.clear()
    process = worker()
    mailbox.wait_for(1)
    process.kill()
    process.wait()
    mailbox.is_prompt.set()

    row = OutboxMessage.objects.get()
    assert (row.state, row.attempts) == ("waiting", 1)
    later = locking.clock() + deliver.LEASE
    assert deliver.send_waiting(now=later) == 1
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"]
    with platform_context():  # the wake-up is still there for another worker
        assert DueWork.objects.count() == 1


def test_a_lapsed_hold_is_ended_within_two_seconds(worker, mailbox):
    first, slot, *_ = make.slots(make.doctor())
    book(first)
    worker()
    mailbox.wait_for(1)  # it is running
    past = locking.clock() - Practice.load().hold_length + timedelta(seconds=1)
    placed = holds.place(slot_id=slot.pk, holder="browser", now=past)

    wait_until(lambda: Slot.objects.get(pk=slot.pk).held_until is None)

    late = locking.clock() - placed.hold.expires_at
    assert timedelta() <= late < timedelta(seconds=2)


def test_sigterm_ends_it_within_two_seconds_even_while_a_mail_server_stalls(
    worker, mailbox
):
    book()
    mailbox.is_prompt.clear()
    process = worker()
    mailbox.wait_for(1)

    process.send_signal(signal.SIGTERM)

    assert process.wait(2.5) == 0


def test_a_lost_database_connection_does_not_end_it(worker, mailbox):
    slots = make.slots(make.doctor())
    book(slots[0])
    our_own = backends()
    process = worker()
    mailbox.wait_for(1)

    with connection.cursor() as cursor:
        theirs = list(backends() - our_own)
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", [theirs])
    book(slots[1])

    mailbox.wait_for(2)
    assert process.poll() is None


def backends() -> set[int]:
    """The connections to this test's database, by process id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        )
        return {pid for (pid,) in cursor.fetchall()}


def test_a_lost_wake_up_is_found_by_the_sweep(mailbox):
    book()
    with platform_context():
        DueWork.objects.all().delete()

    Worker().run_once()

    assert len(mailbox.messages) == 1


def test_a_broken_clinic_does_not_stop_the_others(mailbox, harbor):
    book()
    schema = harbor.schema_name
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{schema}".bookings_slot RENAME TO lost')
    try:
        due.wake(harbor, locking.clock() - timedelta(hours=1))
        Worker().run_once()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{schema}".lost RENAME TO bookings_slot')

    assert len(mailbox.messages) == 1


def test_a_suspended_clinic_s_mail_waits(mailbox, committed):
    book()
    with platform_context():
        Clinic.objects.filter(pk=committed.pk).update(status="suspended")
    try:
        Worker().run_once()
    finally:
        with platform_context():
            Clinic.objects.filter(pk=committed.pk).update(status="active")
    assert mailbox.messages == []

    Worker().run_once()
    assert len(mailbox.messages) == 1


def test_a_wake_up_during_the_work_is_not_lost(committed):
    now = locking.clock()
    due.wake(committed, now)
    assert due.claim(now) == committed
    assert due.claim(now) is None

    due.wake(committed, now + timedelta(seconds=1))
    due.settle(committed, claimed_at=now, next_due=now + timedelta(hours=1))

    assert due.claim(now + timedelta(seconds=1)) == committed
    due.settle(committed, claimed_at=now + timedelta(seconds=1), next_due=None)
    with platform_context():
        assert not DueWork.objects.exists()


def test_slots_are_published_when_the_horizon_has_moved_on(committed):
    doctor = make.doctor()
    for weekday in range(7):
        make.hours(doctor, weekday=weekday)
    now = locking.clock()
    assert horizon.is_behind(now)

    Worker().sweep()

    horizon_day = now.astimezone(doctor.zone).date() + timedelta(
        days=Practice.load().horizon_days
    )
    assert doctor.slots.filter(day=horizon_day).exists()
    assert not horizon.is_behind(now)
    assert horizon.is_behind(now + timedelta(days=1))


def test_publish_slots_counts_and_repeats_without_harm(harbor, capsys):
    make.hours(make.doctor())
    with clinic_context(harbor):
        make.hours(make.doctor(timezone="America/New_York"))

    call_command("publish_slots", clinic="riverside")
    call_command("publish_slots")
    call_command("publish_slots")

    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("riverside: ")
    assert " 0 new" not in first
    assert [line.split(",")[0] for line in rest[2:]] == [
        "harbor: 0 new",
        "riverside: 0 new",
    ]
    with pytest.raises(CommandError, match="nowhere"):
        call_command("publish_slots", clinic="nowhere")
