"""Twice, at the same time, beyond the limits, and when something breaks."""

from django.core.cache import cache
from django_redis import get_redis_connection

from bookings.actions.crowd import sight
from bookings.models import Appointment, Slot
from bookings.tests.quick import spoiling
from bookings.tests.quick.asking import DJANGO, ask


def test_a_repeated_key_is_answered_again(program, slots):
    asks = program()
    told = {"slot": str(slots[0].pk)}

    first = asks.post(told, idempotency_key="k1")
    again = asks.post(told, idempotency_key="k1")

    assert (first.status, first.by_django) == (201, False)
    assert (again.status, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert Appointment.objects.count() == 1


def test_a_key_twice_at_once_books_once(program, slots):
    asks = program()
    twice = [asks.booking({"slot": str(slots[0].pk)}, idempotency_key="k1")] * 5

    replies = ask(twice)

    assert {r.status for r in replies} <= {201, 409}
    assert {r.json()["id"] for r in replies if r.status == 201} == {
        str(Appointment.objects.get().pk)
    }
    assert {r.json()["code"] for r in replies if r.status == 409} <= {
        "idempotency_in_flight"
    }


def test_a_key_for_another_request_is_refused(program, slots):
    asks = program()
    asks.post({"slot": str(slots[0].pk)}, idempotency_key="k1")

    other = asks.post({"slot": str(slots[1].pk)}, idempotency_key="k1")

    assert (other.status, other.json()["code"]) == (422, "idempotency_mismatch")


def test_a_final_refusal_is_kept_with_its_key(program, slots):
    spoiling.taken(slots[0])
    asks = program()
    first = asks.post({"slot": str(slots[0].pk)}, idempotency_key="k1")
    Slot.objects.update(appointment=None)
    again = asks.post({"slot": str(slots[0].pk)}, idempotency_key="k1")

    assert (first.status, again.status) == (409, 409)
    assert again.json() == first.json()


# Faults -------------------------------------------------------------------------------


def test_a_connection_lost_in_commit_is_never_tried_again(program, slots, monkeypatch):
    """Nobody knows the outcome: the client asks again, with its key."""
    spoiling.connections_at_commit(monkeypatch)

    reply = program().post({"slot": str(slots[0].pk)})

    assert (reply.status, reply.json()["code"]) == (503, "unavailable")
    assert "retry-after" in reply.headers
    assert not reply.by_django
    assert Appointment.objects.count() == 0


def test_a_constraint_that_says_no_leaves_the_answer_to_django(
    program, slots, monkeypatch
):
    """The calculator is blind here: the last of the three layers decides alone."""
    spoiling.busy_doctor(slots[0])
    monkeypatch.setattr(sight, "judge", spoiling.everything_is_free)

    taken, free = ask(
        program().booking({"slot": str(slot.pk)}) for slot in (slots[0], slots[4])
    )

    assert (taken.status, taken.by_django) == (409, True)
    assert (free.status, free.by_django) == (201, True)
    assert Appointment.objects.count() == 2


# Limits -------------------------------------------------------------------------------


def test_each_call_is_counted_once_whoever_answers(program, slots, settings):
    settings.RATE_LIMITS = True
    cache.clear()
    asks = program()
    for number in range(6):
        kind = DJANGO if number % 2 else "application/json"
        asks.post({"slot": str(slots[number].pk)}, content_type=kind)
    asks.post({"slot": str(slots[0].pk), "hold": "none"})

    redis = get_redis_connection("default")
    counted = [int(redis.get(key)) for key in redis.scan_iter("*throttle:api-write*")]
    assert counted == [7]
    months = [int(redis.get(key)) for key in redis.scan_iter("*throttle:api-month*")]
    assert months == [7]


def test_one_call_too_many_is_refused(program, slots, settings, monkeypatch):
    settings.RATE_LIMITS = True
    monkeypatch.setattr("bookings.api.throttling.WRITES", 2)
    cache.clear()
    asks = program()

    statuses = [asks.post({"slot": str(slot.pk)}).status for slot in slots[:3]]

    assert statuses == [201, 201, 429]


def test_who_finds_the_queue_full_is_told_to_come_back(program, slots, monkeypatch):
    monkeypatch.setattr("bookings.quick.booking._WAITING", 1)

    replies = ask(program().booking({"slot": str(slot.pk)}) for slot in slots[:4])

    statuses = [r.status for r in replies]
    assert sorted(statuses) == [201, 503, 503, 503]
    refused = next(r for r in replies if r.status == 503)
    assert (refused.headers["retry-after"], refused.json()["code"]) == (
        "1",
        "unavailable",
    )
