"""What the database refuses whatever the code says."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from bookings.models import Appointment, Service, Slot, TimeOff
from bookings.tests import make
from bookings.tests.test_faults import facts_of

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def slot():
    make.practice()
    return make.slots(make.doctor())[0]


def refused(write):
    with pytest.raises(IntegrityError), transaction.atomic():
        write()
    return True


@pytest.mark.parametrize("minutes", [0, -20])
def test_no_row_can_end_before_it_starts(slot, minutes):
    end = slot.start + timedelta(minutes=minutes)
    of_time_off = {"doctor": slot.doctor, "start": slot.start, "end": end}
    assert refused(lambda: TimeOff.objects.create(**of_time_off))
    assert refused(lambda: Slot.objects.filter(pk=slot.pk).update(end=end))
    facts = facts_of(slot) | {"end": end, "occupied": (slot.start, slot.end)}
    assert refused(lambda: Appointment.objects.create(**facts))
    assert refused(lambda: Service.objects.update(duration_minutes=0))


@pytest.mark.parametrize("occupied", ["empty", "(,)", None])
def test_no_visit_slips_through_by_occupying_nothing_or_all(slot, occupied):
    facts = facts_of(slot) | {"occupied": occupied}
    with pytest.raises(Exception, match=r"occupie|null"), transaction.atomic():
        Appointment.objects.create(**facts)


def test_overlaps_are_refused_unless_on_purpose_or_without_a_time(slot):
    Appointment.objects.create(**facts_of(slot))
    assert refused(lambda: Appointment.objects.create(**facts_of(slot)))
    for allowed in ({"is_overbooked": True}, {"is_unplaced": True}):
        Appointment.objects.create(**facts_of(slot) | allowed)
    for over in ("cancelled", "no_show"):
        Appointment.objects.create(**facts_of(slot) | {"status": over})
    assert refused(
        lambda: Appointment.objects.filter(is_unplaced=True).update(is_unplaced=False)
    )
