"""Clinics that share a turn: each gets its own, and one's trouble is none of the others'."""

import asyncio
import threading
import time
from dataclasses import dataclass

import pytest
from django.db import connection, transaction

from accounts.tokens import issue
from bookings.actions.crowd import booking, sight
from bookings.models import Appointment, Slot
from bookings.tests import make
from bookings.tests.quick import spoiling
from bookings.tests.quick.asking import Program, ask
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic
from tenants.turns import Turns

SAME = "01a20868-6c4d-7044-be01-37e3619dae45"


@dataclass
class House:
    """A clinic with a patient, and free times of which one has the id of the other's."""

    clinic: Clinic
    program: Program
    slots: list[Slot]

    def booking(self, number=0, **headers):
        return self.program.booking({"slot": str(self.slots[number].pk)}, **headers)


@pytest.fixture
def houses(committed, settings):
    settings.DATABASE_ASYNC_POOL = 4  # one lane
    with platform_context():
        clinics = [committed, Clinic.objects.get(slug="harbor")]
    return [_house(clinic) for clinic in clinics]


def _house(clinic):
    with clinic_context(clinic):
        make.practice()
        user = make.user()
        make.patient(user=user, name=f"Of {clinic.slug}")
        first, *others = make.slots(make.doctor(), number=8)
        Slot.objects.filter(pk=first.pk).update(id=SAME)
        return House(
            clinic,
            Program(clinic, issue(user, clinic.pk).access),
            [Slot.objects.get(pk=SAME), *others],
        )


@pytest.fixture
def turns(monkeypatch):
    """How many clinics were in each turn; none departs before all have come."""
    seen = []
    depart = Turns._depart

    def late(self, queue):
        asyncio.get_running_loop().call_later(0.05, depart, self, queue)

    monkeypatch.setattr(Turns, "_depart", late)
    book = booking.book

    async def watched(parties):
        seen.append(len(parties))
        return await book(parties)

    monkeypatch.setattr(booking, "book", watched)
    return seen


def test_each_books_its_own_slot_of_the_same_id(houses, turns):
    replies = ask(house.booking(idempotency_key="k1") for house in houses)

    assert turns == [2]
    assert [(r.status, r.by_django) for r in replies] == [(201, False)] * 2
    for house, reply in zip(houses, replies, strict=True):
        with clinic_context(house.clinic):
            made = Appointment.objects.get()
            assert made.reference == reply.json()["reference"]
            assert made.patient.name == f"Of {house.clinic.slug}"
            assert str(Slot.objects.get(appointment=made).pk) == SAME


def test_who_is_refused_here_is_not_refused_there(houses, turns):
    here, there = houses
    with clinic_context(here.clinic):
        spoiling.taken(here.slots[0])

    refused, booked = ask([here.booking(), there.booking()])

    assert turns == [2]
    assert (refused.status, refused.json()["code"]) == (409, "slot_taken")
    assert booked.status == 201


def test_what_a_constraint_forbids_here_is_done_there(houses, turns, monkeypatch):
    here, there = houses
    with clinic_context(here.clinic):
        spoiling.busy_doctor(here.slots[0])
    monkeypatch.setattr(sight, "judge", spoiling.everything_is_free)

    forbidden, booked = ask([here.booking(), there.booking()])

    assert turns[0] == 2
    assert turns[1:] == [1, 1]
    assert (forbidden.status, forbidden.by_django) == (409, True)
    assert (booked.status, booked.by_django) == (201, False)
    with clinic_context(there.clinic):
        assert Appointment.objects.count() == 1


def test_what_is_locked_here_is_not_waited_for_there(houses, turns, monkeypatch):
    """Somebody has a row of this clinic: only who wants it waits for it."""
    here, there = houses
    is_locked, is_booked = threading.Event(), threading.Event()

    def keep():
        with clinic_context(here.clinic), transaction.atomic():
            Slot.objects.select_for_update().get(pk=SAME)
            is_locked.set()
            is_booked.wait(10)
        connection.close()

    done = []
    told = booking._Turn.announcement

    def telling(turn):
        done.append(turn.clinic.slug)
        is_booked.set()
        return told(turn)

    monkeypatch.setattr(booking._Turn, "announcement", telling)
    keeper = threading.Thread(target=keep)
    keeper.start()
    is_locked.wait(10)

    began = time.monotonic()
    waited, quick = ask([here.booking(), there.booking()])

    keeper.join()
    assert time.monotonic() - began < 2.5  # alone, one may wait for 3 s
    assert turns == [2, 1, 1]
    assert done == ["harbor", "riverside"]
    assert [(r.status, r.by_django) for r in (waited, quick)] == [(201, False)] * 2


def test_a_connection_lost_in_commit_is_told_to_all_who_wrote(
    houses, turns, monkeypatch
):
    spoiling.connections_at_commit(monkeypatch)

    replies = ask(house.booking() for house in houses)

    assert turns == [2]
    assert [(r.status, r.by_django) for r in replies] == [(503, False)] * 2
    for house in houses:
        with clinic_context(house.clinic):
            assert Appointment.objects.count() == 0
