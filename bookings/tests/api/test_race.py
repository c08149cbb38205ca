"""Two hundred people want one time, over two web processes: one of them gets it."""

import asyncio
import time
from collections import Counter

import httpx
import pytest
from django.core.cache import cache

from bookings.models import Appointment
from bookings.tests import make
from bookings.tests.processes import free_port

PEOPLE = 200


@pytest.fixture
def slot(committed):
    doctor = make.doctor()
    wanted, *_ = make.slots(doctor, number=100)
    return wanted


def test_two_hundred_at_once_and_one_gets_it(slot, daphnes):
    answers = asyncio.run(_all_want(slot, daphnes(2)))

    _one_won(answers)


def test_the_same_when_redis_cannot_be_reached(slot, daphnes):
    nowhere = f"redis://127.0.0.1:{free_port()}/0"

    answers = asyncio.run(_all_want(slot, daphnes(2, env={"REDIS_URL": nowhere})))

    _one_won(answers)


def _one_won(answers):
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {201: 1, 409: PEOPLE - 1}, Counter(a.text for a in answers)
    assert Appointment.objects.count() == 1
    codes = Counter(a.json()["code"] for a in answers if a.status_code == 409)
    assert set(codes) <= {"slot_taken", "slot_busy"}
    assert codes["slot_taken"] > PEOPLE / 2


async def _all_want(slot, addresses):
    cache.clear()  # the counters of rate limits
    limits = httpx.Limits(max_connections=PEOPLE)
    async with httpx.AsyncClient(
        headers={"host": "riverside.localhost"}, limits=limits, timeout=60
    ) as client:
        for address in addresses:  # loads what a process loads only once
            await client.get(f"http://{address}/api/v1/doctors/")

        async def want(number: int) -> httpx.Response:
            return await client.post(
                f"http://{addresses[number % 2]}/api/v1/appointments/",
                json={
                    "slot": str(slot.pk),
                    "patient": {"name": f"P {number}", "email": f"p{number}@x.example"},
                },
            )

        before = time.monotonic()
        answers = await asyncio.gather(*(want(number) for number in range(PEOPLE)))
        assert time.monotonic() - before < 30
        return answers
