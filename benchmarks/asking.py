"""What is asked of a clinic to see what it costs: each kind of request, and its plan."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from itertools import count

from benchmarks import load
from benchmarks.costs import Cost, cost_of
from benchmarks.filled import Filled
from benchmarks.load import Request
from benchmarks.web import Serving

BOOK = "/api/v1/appointments/"
_VISITS = "bookings/appointment/"
_FEW = 4  # clients of what Django's threads answer: more would only wait
_FULL_DAYS = 2
_HOT_DAYS = 4
_MOST = 8000  # requests of a plan: more than a burst of a second or two can send

Plan = Callable[[Filled], list[Request]]


@dataclass(frozen=True)
class Kind:
    """One kind of request.

    Args:
        is_known: each is asked once before, so that it is answered from memory.
    """

    what: str
    plan: Plan
    clients: int = 32
    seconds: int = 1
    is_known: bool = False

    def cost(self, server: Serving, clinic: Filled) -> Cost:
        plan = self.plan(clinic)
        if self.is_known:
            load.etags(server, {each.path: each for each in plan}.values())
        return cost_of(server, plan, seconds=self.seconds, clients=self.clients)


def fill_last_days(server: Serving, clinic: Filled) -> None:
    """Book the last days of all doctors, each time for another patient.

    So there are full days, and as many patients with one coming visit each.
    """
    last = clinic.days[-_FULL_DAYS]
    slots = clinic.slots[-len(clinic.doctors) * 40 * _FULL_DAYS :]
    asked = zip(clinic.tokens, slots, strict=False)
    orders = [(clinic.host, token, json.dumps({"slot": slot})) for token, slot in asked]
    assert len(orders) == len(slots), last  # noqa: S101 (there are enough patients)
    load.send_all(server, load.posts(BOOK, orders))


def _bookings(clinic: Filled) -> list[Request]:
    return load.posts(BOOK, clinic.next_orders(_MOST))


def _lone_bookings(clinic: Filled) -> list[Request]:
    return load.posts(BOOK, clinic.next_orders(_MOST // 2))


def _holds(clinic: Filled) -> list[Request]:
    return load.posts("/api/v1/holds/", clinic.next_orders(_MOST // 10))


def _coming_visits(clinic: Filled) -> list[Request]:
    """Of the patients who have one; each has been here as often as the clinic is old."""
    path = f"{BOOK}?from={clinic.days[0]}"
    who = {"Host": clinic.host}
    return [
        Request("GET", path, {**who, "Authorization": f"Bearer {token}"})
        for token in clinic.tokens[: len(clinic.doctors) * 40 * _FULL_DAYS]
    ]


def _new_lists(clinic: Filled) -> list[Request]:
    """A day's times; each begins at another second of the night, and so is another."""
    return [
        _list(clinic, doctor, f"{since:%Y-%m-%dT%H:%M:%SZ}", f"{day}T22:00:00Z")
        for doctor, day, since in _new(clinic)
    ]


def _new(clinic: Filled) -> Iterator[tuple[str, object, datetime]]:
    days = clinic.days[:-_FULL_DAYS]
    for n in (next(_number) for _ in range(_MOST)):
        doctor, _ = clinic.doctors[n % len(clinic.doctors)]
        rest = n // len(clinic.doctors)
        day, second = days[rest % len(days)], rest // len(days)
        yield doctor, day, datetime.combine(day, time()) + timedelta(seconds=second)


def _lists(clinic: Filled) -> list[Request]:
    return [
        _list(clinic, doctor, str(day), str(day))
        for (doctor, _), day in _hot_days(clinic)
    ]


def _list(clinic: Filled, doctor: str, first: str, last: str) -> Request:
    path = f"/api/v1/slots/?doctor={doctor}&from={first}&to={last}"
    return Request("GET", path, clinic.reader())


def _pages(clinic: Filled) -> list[Request]:
    return [
        Request("GET", f"/doctors/{slug}/?date={day}", clinic.reader())
        for (_, slug), day in _hot_days(clinic)
    ]


def _new_pages(clinic: Filled) -> list[Request]:
    """What is asked beside the day makes it another page, though it shows the same."""
    return [
        replace(each, path=f"{each.path}&again={next(_number)}")
        for each in _pages(clinic)[: _MOST // 10]
    ]


def _fragments(clinic: Filled) -> list[Request]:
    asked = {"HX-Request": "true", "HX-Target": "day"}
    return [each.with_headers(asked) for each in _new_pages(clinic)]


def _full_days(clinic: Filled) -> list[Request]:
    day = clinic.days[-_FULL_DAYS]
    return [
        Request("GET", f"/doctors/{slug}/?date={day}&again={n}", clinic.reader())
        for n in (next(_number) for _ in range(_MOST // 10 // len(clinic.doctors)))
        for _, slug in clinic.doctors
    ]


def _desk(path: str, clinic: Filled) -> list[Request]:
    seen = {"Host": clinic.host, "Cookie": clinic.staff_cookie}
    return [Request("GET", f"/admin/{path}", seen) for _ in range(_MOST // 10)]


def _first_pages(clinic: Filled) -> list[Request]:
    return [Request("GET", "/", clinic.reader()) for _ in range(_MOST)]


def _new_first_pages(clinic: Filled) -> list[Request]:
    return [
        replace(each, path=f"/?again={next(_number)}")
        for each in _first_pages(clinic)[: _MOST // 10]
    ]


BOOKINGS = (
    Kind("bookings, 32 at once", _bookings, seconds=2),
    Kind("bookings, one after the other", _lone_bookings, clients=1, seconds=2),
)
READINGS = (
    Kind("a day as JSON, never asked before", _new_lists),
    Kind("a day as JSON, from memory", _lists, is_known=True),
    Kind("a doctor's page, never asked before", _new_pages, _FEW, 2),
    Kind("  its fragment, never asked before", _fragments, _FEW, 2),
    Kind("  its page of a full day", _full_days, _FEW, 2),
    Kind("a doctor's page, from memory", _pages, is_known=True),
    Kind("the first page, never asked before", _new_first_pages, _FEW, 2),
    Kind("the first page, from memory", _first_pages, is_known=True),
    Kind("a patient's coming visits, by API", _coming_visits, _FEW, 2),
    Kind("the staff's day", partial(_desk, ""), _FEW, 2),
    Kind("the staff's list of coming visits", partial(_desk, _VISITS), _FEW, 2),
)
HOLDS = (Kind("a hold, by API", _holds, _FEW, 2),)
KINDS = (*BOOKINGS, *READINGS, *HOLDS)

_number = count(1)


def _hot_days(clinic: Filled) -> list[tuple[tuple[str, str], object]]:
    chosen = random.Random(7)  # noqa: S311 (the same for all)
    days = clinic.days[:_HOT_DAYS]
    return [(chosen.choice(clinic.doctors), chosen.choice(days)) for _ in range(_MOST)]
