"""Any doctor will do: N doctors, N visits, spread over them."""

from collections import Counter
from functools import partial

import pytest

from bookings.actions.anyone import book_any
from bookings.errors import NoSlotError, SlotTakenError
from bookings.models import Appointment
from bookings.tests import make
from bookings.tests.test_races import at_once

PAGE = Appointment.Via.PAGE


def three_doctors(service):
    return [make.slots(make.doctor(services=[service])) for _ in range(3)]


def ask(slots, service):
    return book_any(
        slot_ids=[slot.pk for slot in slots],
        service=service,
        patient=make.new_patient(),
        by=None,
        via=PAGE,
    )


def test_visits_are_spread_over_the_doctors(clinic):
    make.practice()
    service = make.service()
    calendars = three_doctors(service)

    visits = [ask([c[n] for c in calendars], service) for n in range(3)]

    assert len({visit.doctor_id for visit in visits}) == 3


def test_the_fourth_of_three_is_refused(clinic):
    make.practice()
    service = make.service()
    same_time = [calendar[0] for calendar in three_doctors(service)]
    for _ in range(3):
        ask(same_time, service)

    with pytest.raises(SlotTakenError):
        ask(same_time, service)
    with pytest.raises(NoSlotError):
        ask([], service)


def test_twenty_at_once_for_three_doctors_get_three(committed):
    """Easy!Appointments 845: "any provider" double-booked some 40 times a week."""
    make.practice()
    service = make.service()
    same_time = [calendar[0] for calendar in three_doctors(service)]

    outcomes = Counter(at_once(committed, [partial(ask, same_time, service)] * 20))

    assert outcomes["done"] == 3
    assert Appointment.objects.count() == 3
    assert Appointment.objects.values("doctor").distinct().count() == 3
