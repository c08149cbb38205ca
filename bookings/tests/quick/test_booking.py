"""A plain booking through the API is answered on the loop, as Django answers it."""

import pytest
from django.test import Client
from django_redis import get_redis_connection

from accounts.models import User
from bookings.models import (
    Appointment,
    AppointmentChange,
    DoctorDay,
    OutboxMessage,
    Patient,
    Slot,
)
from bookings.tests import make
from bookings.tests.quick.asking import DJANGO, ask, told
from tenants.models import Plan


def test_it_is_booked_on_the_loop(program, slots):
    reply = program().post({"slot": str(slots[0].pk), "reason": " My knee "})

    assert (reply.status, reply.by_django) == (201, False)
    made = Appointment.objects.get()
    assert reply.json()["reference"] == made.reference
    assert (made.reason, made.booked_via, made.status) == ("My knee", "api", "booked")
    assert made.patient.user == User.objects.get()


def test_everything_is_written_that_a_booking_writes(program, slots):
    before = slots[0].version
    program().post({"slot": str(slots[0].pk)})

    made, slot = Appointment.objects.get(), Slot.objects.get(pk=slots[0].pk)
    assert (slot.appointment, slot.version) == (made, before + 1)
    change = AppointmentChange.objects.get()
    assert (change.kind, change.by, change.via) == ("booked", made.patient.user, "api")
    assert OutboxMessage.objects.get().change == change
    assert DoctorDay.objects.get(doctor=slot.doctor_id, day=slot.day).revision == 1
    assert made.original_slots == [slot.pk]
    assert (
        made.wall_start == f"{slot.start.astimezone(slot.doctor.zone):%Y-%m-%dT%H:%M}"
    )


def test_it_is_the_same_answer_as_of_django(program, slots):
    asks = program()
    quick = asks.post({"slot": str(slots[0].pk)})
    slow = asks.post({"slot": str(slots[2].pk)}, content_type=DJANGO)

    assert (quick.by_django, slow.by_django) == (False, True)
    assert quick.status == slow.status == 201
    assert told(quick.headers) == told(slow.headers)
    its_own = {"id", "reference", "slot", "slots", "start", "end", "created_at"}
    one, other = quick.json(), slow.json()
    assert list(one) == list(other)
    for name in set(one) - its_own:
        assert one[name] == other[name], name
    reading = Client(
        headers={"host": "riverside.localhost", "authorization": f"Bearer {asks.token}"}
    )
    assert one == reading.get(f"/api/v1/appointments/{one['id']}/").json()


GUEST = {
    "name": "Can  Kaya",
    "email": "can@mail.example",
    "phone": "020 7946 0118",
    "date_of_birth": "1990-05-01",
}


@pytest.fixture
def guest(program):
    asks = program()
    asks.token = ""
    return asks


def test_a_guest_is_booked_on_the_loop_and_saved_as_a_person(guest, slots):
    reply = guest.post({"slot": str(slots[0].pk), "patient": GUEST})

    assert (reply.status, reply.by_django) == (201, False), reply.body
    person = Appointment.objects.get().patient
    assert (person.name, person.phone) == ("Can Kaya", "+442079460118")
    assert (person.user, person.guardian, person.language) == (None, None, "en-gb")
    change = AppointmentChange.objects.get()
    assert change.by is None


def test_a_guest_is_answered_as_by_django(guest, slots):
    quick = guest.post({"slot": str(slots[0].pk), "patient": GUEST})
    slow = guest.post({"slot": str(slots[2].pk), "patient": GUEST}, content_type=DJANGO)

    assert (quick.by_django, slow.by_django) == (False, True)
    assert told(quick.headers) == told(slow.headers)
    one, other = quick.json(), slow.json()
    for same in ("name", "email", "phone", "date_of_birth"):
        assert one["patient"][same] == other["patient"][same]
    assert quick.status == slow.status == 201


def test_of_many_guests_who_want_one_slot_one_is_saved(guest, slots):
    wish = {"slot": str(slots[0].pk), "patient": GUEST}
    before = Patient.objects.count()

    replies = ask(guest.booking(wish) for _ in range(20))

    assert sorted(r.status for r in replies) == [201] + [409] * 19
    assert Patient.objects.count() == before + 1


def test_a_guest_s_key_is_answered_again(guest, slots):
    wish = {"slot": str(slots[0].pk), "patient": GUEST}
    first = guest.post(wish, idempotency_key="k1")
    again = guest.post(wish, idempotency_key="k1")

    assert (first.by_django, again.by_django) == (False, True)
    assert (again.status, again.json()) == (201, first.json())
    assert Appointment.objects.count() == 1


def test_the_cap_of_a_patient_is_kept(program, slots):
    make.practice(max_open_appointments=2)
    asks = program()

    replies = ask(asks.booking({"slot": str(slot.pk)}) for slot in slots[:5])

    assert sorted(r.status for r in replies) == [201, 201, 409, 409, 409]
    reasons = {r.json()["reason"] for r in replies if r.status == 409}
    assert reasons == {"cap"}
    assert not any(r.by_django for r in replies)


def test_of_many_who_want_one_slot_one_gets_it(program, slots):
    wanting = [program() for _ in range(40)]

    replies = ask(each.booking({"slot": str(slots[0].pk)}) for each in wanting)

    assert sorted(r.status for r in replies) == [201] + [409] * 39
    assert Appointment.objects.count() == 1
    taken = [r.json() for r in replies if r.status == 409]
    assert {each["code"] for each in taken} == {"slot_taken"}
    assert all(len(each["alternatives"]) == 3 for each in taken)
    assert not any(r.by_django for r in replies)


def test_many_who_want_different_slots_all_get_them(program, slots):
    wanting = [program() for _ in slots]

    replies = ask(
        who.booking({"slot": str(slot.pk)})
        for who, slot in zip(wanting, slots, strict=True)
    )

    assert [r.status for r in replies] == [201] * len(slots)
    assert Appointment.objects.count() == len(slots)


def test_room_around_visits_is_kept_among_those_who_ask_at_once(program):
    service = make.service(minutes=20, buffer_after_minutes=10)
    first, second, *_ = make.slots(make.doctor(services=[service]), number=3)

    replies = ask(program().booking({"slot": str(slot.pk)}) for slot in (first, second))

    assert sorted(r.status for r in replies) == [201, 409]
    assert [r.json()["reason"] for r in replies if r.status == 409] == ["buffer"]


def test_a_longer_service_takes_the_slots_that_follow(program, slots):
    longer = make.service(minutes=50)
    slots[0].doctor.services.add(longer)

    reply = program().post({"slot": str(slots[0].pk), "service": str(longer.pk)})

    assert (reply.status, reply.by_django) == (201, False)
    assert reply.json()["slots"] == [str(slot.pk) for slot in slots[:3]]
    assert Slot.objects.filter(appointment__isnull=False).count() == 3


def test_nobody_keeps_the_lock_of_a_slot(program, slots):
    program().post({"slot": str(slots[0].pk)})

    assert list(get_redis_connection("default").scan_iter("*lock*")) == []


def test_who_books_while_somebody_has_the_lock_is_told_to_come_back(
    program, slots, committed, monkeypatch
):
    monkeypatch.setattr("bookings.quick.booking.WAIT_SECONDS", 0.1)
    name = f"slotwell:{committed.pk}:lock:slot:{slots[0].pk}"
    get_redis_connection("default").set(name, b"somebody", px=9000)

    reply = program().post({"slot": str(slots[0].pk)})

    assert (reply.status, reply.json()["code"]) == (409, "slot_busy")
    assert reply.headers["retry-after"] == "1"
    assert get_redis_connection("default").get(name) == b"somebody"


def test_without_redis_it_is_booked(program, slots, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    reply = program().post({"slot": str(slots[0].pk)})

    assert (reply.status, reply.by_django) == (201, False)


def test_a_limited_plan_is_left_to_django_until_its_use_is_known(
    program, slots, committed, monkeypatch
):
    plan = Plan(name="Small", max_appointments=2)
    monkeypatch.setattr(type(committed), "plan", plan)
    asks = program()

    replies = [asks.post({"slot": str(slot.pk)}) for slot in slots[:3]]

    assert [r.status for r in replies] == [201, 201, 409]
    assert [r.by_django for r in replies] == [True, False, False]
    assert replies[2].json()["code"] == "plan_limit" or replies[2].json()["reason"]
