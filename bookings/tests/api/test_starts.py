"""Starts of a service at several doctors: asked for at once, each with its own days."""

from datetime import time, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.actions import appointments
from bookings.models import Appointment
from bookings.tests import make

_MIDNIGHT = time(0)


def starts(guest, day, service, **filters):
    told = {"from_": day.isoformat(), "to": day.isoformat(), "service": service.pk}
    answer = guest.get("slots/", **told, **filters)
    assert answer.status_code == 200
    return [each["id"] for each in answer.json()["results"]]


def test_each_doctor_is_judged_by_their_own_appointments(guest):
    service = make.service(minutes=40, buffer_after_minutes=20)
    busy, idle = (make.doctor(services=[service]) for _ in range(2))
    taken, free = make.slots(busy), make.slots(idle)
    appointments.book(
        slot_id=taken[0].pk, patient=make.patient(), by=None, via=Appointment.Via.API
    )

    found = starts(guest, free[0].day, service)

    assert found == _in_order([taken[3], taken[4], *free[:5]])
    assert starts(guest, free[0].day, service, doctor=busy.pk) == _in_order(taken[3:5])


def test_a_visit_may_reach_past_the_last_day_asked_for(guest):
    service = make.service(minutes=40)
    doctor = make.doctor(services=[service])
    day = make.next_week(doctor)
    midnight = make.at(doctor, day + timedelta(days=1), _MIDNIGHT)
    late, _early = make.slots(doctor, start=midnight - timedelta(minutes=20), number=2)

    assert starts(guest, day, service) == [str(late.pk)]


def test_three_doctors_cost_as_many_queries_as_one(guest):
    service = make.service()
    day = make.slots(make.doctor(services=[service]))[0].day
    starts(guest, day, service)  # whose host it is, is remembered from here on
    one, for_one = _queries(lambda: starts(guest, day, service))
    for _ in range(2):
        make.slots(make.doctor(services=[service]))

    three, for_three = _queries(lambda: starts(guest, day, service))

    assert len(three) == 3 * len(one) > 0
    assert for_three == for_one


def _queries(ask):
    with CaptureQueriesContext(connection) as asked:
        answer = ask()
    return answer, len(asked)


def _in_order(slots):
    return [str(slot.pk) for slot in sorted(slots, key=lambda s: (s.start, s.pk))]
