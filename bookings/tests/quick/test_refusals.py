"""What cannot be had is refused on the loop in the words of Django."""

import pytest

from bookings.models import (
    Slot,
)
from bookings.tests import make
from bookings.tests.quick import spoiling
from bookings.tests.quick.asking import DJANGO, told


@pytest.mark.parametrize(
    "spoil",
    [
        spoiling.taken,
        spoiling.held,
        spoiling.busy_doctor,
        spoiling.block("desk"),
        spoiling.block("hours"),
        spoiling.block("time_off"),
        spoiling.no_longer_offered,
        spoiling.service(is_active=False),
        spoiling.service(duration_minutes=20 * 9),
        spoiling.service(notice_minutes=60 * 24 * 30),
        lambda slot: make.practice(notice_minutes=60 * 24 * 30),
        lambda slot: make.practice(horizon_days=1),
        lambda slot: Slot.objects.filter(pk=slot.pk).update(staff_only=True),
        lambda slot: type(slot.doctor).objects.update(is_active=False),
        spoiling.long_ago,
    ],
)
def test_what_is_refused_is_refused_in_the_same_words(program, slots, spoil):
    spoil(slots[3])
    asks = program()

    quick = asks.post({"slot": str(slots[3].pk)})
    slow = asks.post({"slot": str(slots[3].pk)}, content_type=DJANGO)

    assert (quick.by_django, slow.by_django) == (False, True)
    assert (quick.status, quick.json()) == (slow.status, slow.json())
    assert told(quick.headers) == told(slow.headers)


def test_a_patient_elsewhere_is_refused_in_the_same_words(program, slots):
    user = make.user()
    asks = program(user)
    elsewhere = make.slots(make.doctor(), number=1)[0]
    spoiling.make_visit(elsewhere, user.patient)

    quick = asks.post({"slot": str(slots[0].pk)})
    slow = asks.post({"slot": str(slots[0].pk)}, content_type=DJANGO)

    assert quick.json()["code"] == "patient_busy"
    assert (quick.by_django, quick.json()) == (False, slow.json())
