"""Doctors, services and times: what everybody may read."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import Appointment, Slot
from bookings.tests import make

API = Appointment.Via.API
MONDAY = datetime(2027, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def monday():
    with time_machine.travel(MONDAY, tick=False):
        yield MONDAY


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def queries_of(call):
    call()
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def test_a_doctor_is_told_with_their_services(guest):
    one, gone = make.service(), make.service(is_active=False)
    doctor = make.doctor(services=[one, gone], bio="Likes boats")
    make.doctor(is_active=False)

    listed = guest.get("doctors/").json()

    assert listed == {
        "results": [
            {
                "id": str(doctor.pk),
                "slug": doctor.slug,
                "name": doctor.name,
                "title": "Dr",
                "specialty": "General practice",
                "timezone": "Europe/London",
                "languages": ["en"],
                "bio": "Likes boats",
                "services": [str(one.pk)],
            }
        ],
        "next": None,
        "previous": None,
    }
    assert guest.get(f"doctors/{doctor.pk}/").json() == listed["results"][0]


def test_services_are_told_with_their_length(guest):
    service = make.service(minutes=40)
    gone = make.service(is_active=False)

    (told,) = guest.get("services/").json()["results"]

    assert (told["id"], told["duration_minutes"]) == (str(service.pk), 40)
    assert guest.get(f"services/{service.pk}/").json() == told
    assert guest.get(f"services/{gone.pk}/").status_code == 404


def test_times_have_exactly_what_the_contract_says(guest):
    slot, *_ = make.slots(make.doctor(), number=1)

    (told,) = guest.get("slots/", to=slot.day.isoformat()).json()["results"]
    answer = guest.get(f"slots/{slot.pk}/")

    assert told == {
        "id": str(slot.pk),
        "doctor": str(slot.doctor_id),
        "start": slot.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "end": slot.end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": "free",
        "version": 1,
    }
    assert answer.json() == told
    assert answer["ETag"] == '"1"'


def test_times_are_this_weeks_unless_asked(guest, monday):
    doctor = make.doctor()
    today, *_ = make.slots(doctor, number=1, start=MONDAY)
    sunday, *_ = make.slots(doctor, number=1, start=MONDAY + timedelta(days=6))
    make.slots(doctor, number=1, start=MONDAY + timedelta(days=7))

    assert ids(guest.get("slots/")) == [str(today.pk), str(sunday.pk)]


def test_days_are_the_clinics_and_the_last_is_included(guest, monday):
    """The clinics' clock is an hour ahead of UTC from 28 March on."""
    doctor = make.doctor()
    late = datetime(2027, 4, 1, 22, 40, tzinfo=UTC)  # 23:40 in London
    before, midnight, after = make.slots(doctor, number=3, start=late)

    on_first = ids(guest.get("slots/", from_="2027-04-01", to="2027-04-01"))
    on_second = ids(guest.get("slots/", from_="2027-04-02", to="2027-04-02"))
    by_instants = ids(
        guest.get(
            "slots/", from_="2027-04-01T23:00:00Z", to="2027-04-02T00:20:00+01:00"
        )
    )

    assert on_first == [str(before.pk)]
    assert on_second == [str(midnight.pk), str(after.pk)]
    assert by_instants == [str(midnight.pk)]


def test_times_by_doctor_and_by_status(guest):
    doctor, other = make.doctor(), make.doctor()
    free, held, booked, blocked = make.slots(doctor, number=4)
    elsewhere, *_ = make.slots(other, number=1)
    Slot.objects.filter(pk=held.pk).update(
        held_until=datetime.now(UTC) + timedelta(minutes=5)
    )
    Slot.objects.filter(pk=blocked.pk).update(blocked_by="desk")
    appointment = _appointment(booked)
    Slot.objects.filter(pk=booked.pk).update(appointment=appointment)
    day = free.day.isoformat()

    def found(**filters):
        return set(ids(guest.get("slots/", from_=day, to=day, **filters)))

    mine = {str(each.pk) for each in (free, held, booked, blocked)}
    assert found() == mine | {str(elsewhere.pk)}
    assert found(doctor=doctor.pk) == mine
    assert found(doctor=doctor.pk, status="free") == {str(free.pk)}
    assert found(doctor=doctor.pk, status="held") == {str(held.pk)}
    assert found(doctor=doctor.pk, status="booked") == {str(booked.pk)}
    assert found(doctor=doctor.pk, status="blocked") == {str(blocked.pk)}


def test_by_service_only_the_starts_that_it_can_have(guest):
    long = make.service(minutes=40)
    doctor = make.doctor(services=[make.service(), long])
    make.doctor()  # does not offer it
    one, two, three, _last = make.slots(doctor, number=4)
    day = one.day.isoformat()

    starts = ids(guest.get("slots/", from_=day, to=day, service=long.pk))
    booked = guest.get("slots/", from_=day, to=day, service=long.pk, status="booked")

    assert starts == [str(one.pk), str(two.pk), str(three.pk)]
    assert ids(booked) == []


@pytest.mark.parametrize("by_service", [False, True])
def test_pages_follow_each_other_forth_and_back(guest, by_service):
    service = make.service()
    for _ in range(3):  # the same starts thrice: only ids tell them apart
        first, *_ = make.slots(make.doctor(services=[service]), number=5)
    filters = {"from_": first.day.isoformat(), "to": first.day.isoformat()}
    if by_service:
        filters["service"] = str(service.pk)
    everything = ids(guest.get("slots/", **filters))

    page = guest.get("slots/", limit=4, **filters).json()
    seen, pages = [], []
    while True:
        pages.append(page)
        seen += [row["id"] for row in page["results"]]
        if page["next"] is None:
            break
        page = guest.get(page["next"]).json()
    back = guest.get(pages[-1]["previous"]).json()

    assert len(everything) == 15
    assert seen == everything
    assert pages[0]["previous"] is None
    assert back["results"] == pages[-2]["results"]
    assert back["next"] is not None
    assert guest.get(pages[1]["previous"]).json()["previous"] is None


def test_doctors_go_by_pages_too(guest):
    for _ in range(3):
        make.doctor()

    first = guest.get("doctors/", limit=2).json()
    rest = guest.get(first["next"]).json()

    assert len(first["results"] + rest["results"]) == 3
    assert rest["next"] is None


@pytest.mark.parametrize("path", ["doctors/", "services/", "slots/"])
def test_three_cost_as_many_queries_as_one(guest, path, monday):
    make.slots(make.doctor(), number=1, start=MONDAY)
    one = queries_of(lambda: guest.get(path))
    for _ in range(2):
        make.slots(make.doctor(), number=1, start=MONDAY)

    assert len(ids(guest.get(path))) == 3
    assert queries_of(lambda: guest.get(path)) == one


def _appointment(slot):
    return Appointment.objects.create(
        doctor=slot.doctor,
        service=slot.doctor.default_service,
        location=slot.location,
        patient=make.patient(),
        start=slot.start,
        end=slot.end,
        occupied=(slot.start, slot.end),
        wall_start="",
        zone="Europe/London",
        original_slots=[slot.pk],
        booked_via=API,
    )
