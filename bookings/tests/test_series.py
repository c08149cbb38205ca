"""A series is booked whole, or as far as was asked for, or not at all."""

from collections import Counter
from datetime import time, timedelta
from functools import partial

import pytest

from bookings.actions import appointments
from bookings.actions.series import book_series
from bookings.errors import SeriesError
from bookings.models import Appointment, OutboxMessage, Patient, Slot
from bookings.once import Answer, Once, Replay
from bookings.tests import make
from bookings.tests.test_races import at_once, no_overlaps

PAGE = Appointment.Via.PAGE
WEEKS = 30  # over a change of the clock, wherever in the year this runs


@pytest.fixture
def mondays(clinic):
    """A doctor's 09:00 of many weeks."""
    return weekly()


def weekly(weeks=WEEKS):
    make.practice(horizon_days=365, max_open_appointments=50)
    doctor = make.doctor()
    day = make.next_week(doctor)
    found = []
    for n in range(weeks):
        start = make.at(doctor, day + timedelta(weeks=n), time(9))
        found += make.slots(doctor, start=start, number=1)
    return found


def series(slot, times, **wishes):
    person = wishes.pop("patient", None) or make.new_patient()
    return book_series(
        slot_id=slot.pk, times=times, patient=person, by=None, via=PAGE, **wishes
    )


def test_it_keeps_its_hour_on_the_wall_all_the_way(mondays):
    made = series(mondays[0], WEEKS)

    assert {each.wall_start[-5:] for each in made.appointments} == {"09:00"}
    assert len({each.start.hour for each in made.appointments}) == 2  # summer, winter
    assert {each.series for each in made.appointments} == {made.id}
    assert len({each.patient_id for each in made.appointments}) == 1
    assert Patient.objects.count() == 1
    assert OutboxMessage.objects.count() == WEEKS


def test_every_other_week(mondays):
    made = series(mondays[0], 3, every_weeks=2)
    assert [each.start for each in made.appointments] == [
        slot.start for slot in mondays[:5:2]
    ]


def test_one_that_cannot_be_had_leaves_nothing_behind(mondays):
    appointments.book(
        slot_id=mondays[2].pk, patient=make.new_patient(), by=None, via=PAGE
    )

    with pytest.raises(SeriesError) as refused:
        series(mondays[0], 4)

    assert [(at, error.code) for at, error in refused.value.refused] == [
        (mondays[2].start, "slot_taken")
    ]
    assert Appointment.objects.count() == 1
    assert Patient.objects.count() == 1


def test_with_a_stated_part_the_rest_is_booked_and_the_gap_is_said(mondays):
    Slot.objects.filter(pk=mondays[1].pk).update(blocked_by="desk")

    made = series(mondays[0], 4, at_least=3)

    assert len(made.appointments) == 3
    assert [str(error) for _, error in made.refused] == [
        "The clinic has taken this time out of the calendar."
    ]


def test_a_week_without_that_time_is_a_gap_too(mondays):
    made = series(mondays[-1], 2, at_least=1)
    assert [str(e) for _, e in made.refused] == ["No time is published then."]


def test_the_cap_counts_every_visit_of_the_series_not_only_the_first(mondays):
    make.practice(horizon_days=365, max_open_appointments=3)
    person = make.patient()

    with pytest.raises(SeriesError):
        series(mondays[0], 4, patient=person)
    made = series(mondays[0], 4, patient=person, at_least=3)

    assert [error.reason for _, error in made.refused] == ["cap"]
    assert Appointment.objects.filter(patient=person).count() == 3


def test_a_new_person_meets_the_cap_as_well(mondays):
    make.practice(horizon_days=365, max_open_appointments=3)
    with pytest.raises(SeriesError):
        series(mondays[0], 4)
    assert Patient.objects.count() == 0


def test_a_person_who_is_elsewhere_then_is_not_put_in_two_places(mondays):
    person = make.patient()
    other = make.doctor()
    (elsewhere,) = make.slots(other, start=mondays[1].start, number=1)
    appointments.book(slot_id=elsewhere.pk, patient=person, by=None, via=PAGE)

    made = series(mondays[0], 3, patient=person, at_least=2)

    assert [error.code for _, error in made.refused] == ["patient_busy"]


def test_asked_twice_with_one_key_it_is_booked_once(mondays):
    def once():
        answer = lambda made: Answer(201, [str(a.pk) for a in made.appointments])  # noqa: E731
        return Once("somebody", "key-1", b"body", answer)

    series(mondays[0], 3, once=once())
    with pytest.raises(Replay) as replay:
        series(mondays[0], 3, once=once())

    assert len(replay.value.answer.body) == Appointment.objects.count() == 3


def test_series_that_cross_each_other_never_overlap_and_never_deadlock(committed):
    found = weekly(weeks=8)
    jobs = [partial(series, found[n % 4], 4 - n % 3, at_least=1) for n in range(24)]

    outcomes = Counter(at_once(committed, [*jobs]))

    assert no_overlaps()
    assert set(outcomes) <= {"done", "series_refused", "slot_busy"}
    taken = Slot.objects.filter(appointment__isnull=False).count()
    assert taken == Appointment.objects.count() >= 7
