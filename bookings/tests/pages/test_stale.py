"""A page that was opened before the visit changed: nothing happens by mistake."""

import re

import pytest
from django.test import Client

from bookings.actions import appointments
from bookings.models import Appointment, Slot
from bookings.tests.pages.test_appointments import booked, signed


@pytest.fixture
def visit(slots: list[Slot]) -> Appointment:
    return booked(slots[0])


def hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'type="hidden" name="(version|sure)" value="([^"]*)"', page)
    return dict(fields)


def moved_by_the_desk(visit: Appointment, slot: Slot) -> None:
    via = Appointment.Via.DESK
    appointments.reschedule(
        appointment_id=visit.pk, slot_id=slot.pk, by=None, via=via, as_staff=True
    )


def test_a_visit_that_was_moved_meanwhile_is_not_cancelled(
    stranger: Client, visit: Appointment, slots: list[Slot]
):
    asked = stranger.get(signed(visit, "cancel/")).content.decode()
    moved_by_the_desk(visit, slots[4])

    answer = stranger.post(signed(visit, "cancel/"), hidden(asked))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "changed a moment ago" in page
    assert slots[4].start.astimezone(visit.doctor.zone).strftime("%H:%M") in page
    visit.refresh_from_db()
    assert visit.status == "booked"
    again = stranger.post(signed(visit, "cancel/"), hidden(page))
    visit.refresh_from_db()
    assert (again.status_code, visit.status) == (302, "cancelled")


def test_a_visit_that_was_moved_meanwhile_is_not_moved_on(
    stranger: Client, visit: Appointment, slots: list[Slot]
):
    wish = {"slot": str(slots[2].pk)}
    asked = stranger.post(signed(visit, "move/"), wish).content.decode()
    moved_by_the_desk(visit, slots[4])

    answer = stranger.post(signed(visit, "move/"), wish | hidden(asked))

    assert answer.status_code == 409
    visit.refresh_from_db()
    assert visit.start == slots[4].start


def test_cancelling_twice_is_as_was_wished(stranger: Client, visit: Appointment):
    asked = hidden(stranger.get(signed(visit, "cancel/")).content.decode())
    first, second = (stranger.post(signed(visit, "cancel/"), asked) for _ in range(2))
    assert first["Location"] == second["Location"]
