"""A doctor's times: from memory for as long as they are true, and in the words of Django."""

from typing import Any
from uuid import uuid4

import pytest

from bookings.actions import appointments
from bookings.models import Appointment, Doctor, Slot
from bookings.quick import lists
from bookings.quick.memory import Memory
from bookings.tests import make
from bookings.tests.quick.asking import Program, ask, before_and_after_a_hold, told

PATH = "/api/v1/slots/"


@pytest.fixture
def doctor(slots):
    return slots[0].doctor


@pytest.fixture
def reader(committed):
    return Program(committed)


@pytest.fixture
def query(doctor, slots):
    return f"doctor={doctor.pk}&from={slots[0].day}&to={slots[0].day}"


def _statuses(reply):
    return [each["status"] for each in reply.json()["results"]]


def test_it_is_the_same_answer_as_of_django(reader, query, slots):
    make.booked(slots[1])
    Slot.objects.filter(pk=slots[2].pk).update(blocked_by="desk")

    quick = reader.get(PATH, query)
    slow = reader.get(PATH, query, by_django=True)

    assert (quick.by_django, slow.by_django) == (False, True)
    assert quick.json() == slow.json()
    assert quick.body == slow.body
    assert told(quick.headers) == told(slow.headers)
    assert _statuses(quick)[:4] == ["free", "booked", "blocked", "free"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from=2026-11-30",
        "doctor=nobody",
        "doctor={doctor}&status=free",
        "doctor={doctor}&limit=3",
        "doctor={doctor}&cursor=abc",
        "doctor={doctor}&from=yesterday",
        "doctor={doctor}&from=1999-01-01",
        "doctor={doctor}&doctor={doctor}",
        "doctor=01a20868-6c4d-7044-be01-37e3619dae45",
        "doctor={doctor}&service=01a20868-6c4d-7044-be01-37e3619dae45",
        "doctor={doctor}" + "&a=1" * 30,
        "doctor={doctor}&from=" + "9" * 300,
    ],
)
def test_what_is_not_plain_is_left_to_django(reader, doctor, query):
    reply = reader.get(PATH, query.format(doctor=doctor.pk))

    assert reply.by_django
    assert reply.status in {200, 400}


def test_a_token_is_left_to_django(program, query):
    assert program().get(PATH, query).by_django


def test_more_than_a_page_is_left_to_django(reader, monkeypatch, query):
    monkeypatch.setattr(lists, "DEFAULT", 3)

    assert reader.get(PATH, query).by_django


def test_a_doctor_who_has_left_is_not_listed(reader, doctor, query):
    assert not reader.get(PATH, query).by_django

    Doctor.objects.update(is_active=False)

    assert reader.get(PATH, query).json()["results"] == []


def test_every_change_is_seen_by_the_next_who_asks(slots, committed, query):
    """All in one process, whose memory is warm, and made in another thread."""

    def scene(reading):
        seen = [reading()]
        made = make.booked(slots[0])
        seen.append(reading())
        appointments.reschedule(
            appointment_id=made.pk,
            slot_id=slots[3].pk,
            by=None,
            via=Appointment.Via.PAGE,
        )
        seen.append(reading())
        appointments.cancel(appointment_id=made.pk, by=None, via=Appointment.Via.PAGE)
        seen.append(reading())
        return seen

    replies = Program(committed).interleaved(PATH, query, scene)

    taken = [
        [n for n, status in enumerate(_statuses(reply)) if status == "booked"]
        for reply in replies
    ]
    assert taken == [[], [0], [3], []]
    assert not any(reply.by_django for reply in replies)


def test_a_hold_that_has_run_out_is_free_again_without_a_write(slots, committed, query):
    scene = before_and_after_a_hold(slots[0])

    first, later = Program(committed).interleaved(PATH, query, scene)

    assert (_statuses(first)[0], _statuses(later)[0]) == ("held", "free")
    assert later.json()["results"][0]["version"] > first.json()["results"][0]["version"]


def test_who_has_it_already_is_told_so(reader, query, slots):
    first = reader.get(PATH, query)
    again = reader.get(PATH, query, if_none_match=first.headers["etag"])
    weak = reader.get(PATH, query, if_none_match=f'W/{first.headers["etag"]}, "x"')
    slow = reader.get(PATH, query, by_django=True, if_none_match=first.headers["etag"])
    make.booked(slots[0])
    changed = reader.get(PATH, query, if_none_match=first.headers["etag"])

    assert (again.status, again.body, again.by_django) == (304, b"", False)
    assert (weak.status, slow.status, changed.status) == (304, 304, 200)
    assert told(again.headers) == told(slow.headers)


def test_it_is_made_once_for_all_who_ask_at_once(reader, query, monkeypatch):
    made = []
    make_list = lists._list

    def counted(slots, now, revision):
        made.append(revision)
        return make_list(slots, now, revision)

    monkeypatch.setattr(lists, "_list", counted)

    replies = ask(reader.reading(PATH, query) for _ in range(30))

    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    assert len(made) <= 2


def test_memory_is_bounded():
    memory, clinic_id = Memory[Any, lists.Made](1000), uuid4()
    for _ in range(100):
        wanted = lists.Wanted(uuid4(), lists._FOREVER, lists._FOREVER)
        made = lists.Made(1, lists._FOREVER, b"x" * 100, "")
        memory.keep((clinic_id, wanted), made)
        memory.keep((clinic_id, wanted), made)

    assert memory._size == 1000
    assert len(memory._kept) == 10


def test_one_read_too_many_is_refused(reader, query, settings, monkeypatch):
    settings.RATE_LIMITS = True
    monkeypatch.setattr("bookings.api.throttling.READS", 3)

    statuses = [reader.get(PATH, query).status for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
