"""Visits that repeat: all of them are judged, not the first."""

from collections.abc import Callable
from datetime import time, timedelta
from functools import partial

import pytest

from bookings.actions import appointments
from bookings.actions.series import book_series
from bookings.errors import NotOfferedError, SeriesError
from bookings.models import Appointment
from bookings.tests import make
from bookings.tests.field.stage import book
from bookings.tests.test_races import at_once, no_overlaps

PAGE = Appointment.Via.PAGE
Jobs = list[Callable[[], object]]


def weekly(doctor, *, weeks, hour=9):
    """The same hour of the wall clock, week after week."""
    first = make.next_week(doctor)
    days = [first + timedelta(weeks=n) for n in range(weeks)]
    return [
        make.slots(doctor, start=make.at(doctor, day, time(hour)), number=1)[0]
        for day in days
    ]


def repeat(slot, *, times, patient=None, **wishes):
    person = patient or make.patient()
    return book_series(
        slot_id=slot.pk, times=times, patient=person, by=None, via=PAGE, **wishes
    )


def test_the_cap_counts_every_visit_of_a_series():
    """Scenario 6: the cap is checked on the first occurrence of a series only.

    cal.com #28542.
    """
    make.practice(max_open_appointments=3)
    weeks = weekly(make.doctor(), weeks=5)
    person = make.patient()

    with pytest.raises(SeriesError):
        repeat(weeks[0], times=4, patient=person)
    assert not Appointment.objects.exists()
    made = repeat(weeks[0], times=3, patient=person)
    with pytest.raises(NotOfferedError) as refused:
        book(weeks[4], patient=person)

    assert [each.start for each in made.appointments] == [s.start for s in weeks[:3]]
    assert refused.value.reason == "cap"


def test_a_series_does_not_overlap_what_somebody_has_in_a_later_week():
    """Scenario 6: links that recur book over each other.

    cal.com #22803.
    """
    weeks = weekly(make.doctor(), weeks=4)
    theirs = book(weeks[2])

    with pytest.raises(SeriesError):
        repeat(weeks[0], times=4)
    assert list(Appointment.objects.all()) == [theirs]
    made = repeat(weeks[0], times=4, at_least=3)

    assert [each.start for each in made.appointments] == [
        weeks[n].start for n in (0, 1, 3)
    ]
    assert len(made.refused) == 1
    assert no_overlaps()


def test_series_at_once_are_whole_or_not_at_all(committed):
    """Scenario 6: links that recur book over each other.

    cal.com #22803. Half of them begin a week later, and some want one week only.
    """
    weeks = weekly(make.doctor(), weeks=5)
    jobs: Jobs = []
    for _ in range(4):
        jobs += [partial(repeat, weeks[0], times=4), partial(repeat, weeks[1], times=4)]
        jobs.append(partial(book, weeks[3]))

    outcomes = at_once(committed, jobs)

    assert outcomes.count("done") == 1
    assert Appointment.objects.count() in {1, 4}
    assert Appointment.objects.values("patient").distinct().count() == 1
    assert no_overlaps()


def test_one_visit_of_a_series_is_cancelled_and_its_time_books_again():
    """Scenario 17: rebooking one time of a series collides on a key.

    cal.com #16414.
    """
    weeks = weekly(make.doctor(), weeks=3)
    person = make.patient()
    made = repeat(weeks[0], times=3, patient=person)

    appointments.cancel(appointment_id=made.appointments[1].pk, by=None, via=PAGE)

    assert book(weeks[1], patient=person).start == weeks[1].start
    assert Appointment.objects.active().count() == 3
