"""Times of a doctor's day: as JSON and as the fragment that pages fetch, 32 at once."""

import os
import random
from collections.abc import Iterator

from benchmarks import load, rival
from benchmarks.entries import (
    DAPHNE,
    RIVAL,
    RIVAL_PG,
    RIVALS,
    TWO_UVICORNS,
    UVICORN,
    ordered,
    serving,
)
from benchmarks.filled import Filled, filled, prepare
from benchmarks.load import Burst, Request
from benchmarks.rows import Row, ratio
from benchmarks.web import Serving

ROUNDS = int(os.environ.get("ROUNDS", "5"))
_SECONDS = 2
_WARM_UP = 6
_WARM_UP_OF_PAGES = 16  # each is made once by each process
_DOCTORS, _DAYS, _HOT_DAYS = 50, 92, 4
_REQUESTS = 4000
JSON, HTML, SAME, NEW = "JSON", "HTML", "JSON, not modified", "JSON, never asked before"

Bursts = dict[tuple[str, str], list[Burst]]


def measure() -> Iterator[Row]:
    """Measure lists that were asked before, known by their ETag, and new ones."""
    if not load.has_wrk():
        yield load.MISSING
        return
    if not rival.is_there():
        yield rival.LEFT_OUT
    prepare()
    clinic = filled(doctors=_DOCTORS, days=_DAYS, patients=1, slot_minutes=30)
    found: Bursts = {}
    with serving(DAPHNE, UVICORN, TWO_UVICORNS, RIVAL, RIVAL_PG) as servers:
        for number in range(-1, ROUNDS):
            for name in ordered(list(servers), number):
                for form, plan in _plans(name, servers[name], clinic).items():
                    seconds = _SECONDS if number >= 0 else _warm_up(form)
                    burst = load.burst(servers[name], plan, seconds=seconds)
                    if number >= 0:  # the first round warms up
                        found.setdefault((name, form), []).append(burst)
    _measure_new(clinic, found)
    yield from _rows(found)


def _warm_up(form: str) -> int:
    return _WARM_UP_OF_PAGES if form == HTML else _WARM_UP


def _plans(name: str, server: Serving, clinic: Filled) -> dict[str, list[Request]]:
    chosen = random.Random(7)  # noqa: S311 (the same for all)
    if name in RIVALS:
        return {JSON: [_of_rival(chosen) for _ in range(_REQUESTS)]}
    days = clinic.days[:_HOT_DAYS]
    asked = [
        (chosen.choice(clinic.doctors), chosen.choice(days)) for _ in range(_REQUESTS)
    ]
    lists = [_list(clinic, doctor, day) for (doctor, _), day in asked]
    fragments = [_fragment(clinic, slug, day) for (_, slug), day in asked]
    tags = load.etags(server, {each.path: each for each in lists}.values())
    same = [each.with_headers({"If-None-Match": tags[each.path]}) for each in lists]
    return {JSON: lists, HTML: fragments, SAME: same}


def _of_rival(chosen: random.Random) -> Request:
    doctor, day = chosen.randint(1, rival.DOCTORS), chosen.randint(1, _HOT_DAYS)
    path = f"/api/doctors/{doctor}/slots?date=2030-03-{day:02}"
    return Request("GET", path, {"Host": "localhost"})


def _list(clinic: Filled, doctor: str, day: object) -> Request:
    path = f"/api/v1/slots/?doctor={doctor}&from={day}&to={day}"
    return Request("GET", path, clinic.reader())


def _fragment(clinic: Filled, slug: str, day: object) -> Request:
    headers = {**clinic.reader(), "HX-Request": "true", "HX-Target": "day"}
    return Request("GET", f"/doctors/{slug}/?date={day}", headers)


def _measure_new(clinic: Filled, found: Bursts) -> None:
    """Each list once, of processes that have not made it."""
    plan = [
        _list(clinic, doctor, day)
        for day in clinic.days
        for doctor, _ in clinic.doctors
    ]
    few, most = plan[:200], plan[200:]
    for number in range(ROUNDS):
        for name in ordered([DAPHNE, UVICORN], number):
            with serving(name) as servers:
                load.burst(servers[name], few, seconds=1)  # its connections are open
                found.setdefault((name, NEW), []).append(
                    load.burst(servers[name], most, seconds=1)
                )


def _rows(found: Bursts) -> Iterator[Row]:
    for (name, form), bursts in found.items():
        yield load.rate(f"a day's times, {form}, {name}", bursts)
    rates = {key: [burst.rate for burst in bursts] for key, bursts in found.items()}
    for name in (DAPHNE, UVICORN, TWO_UVICORNS):
        what = f"a day's times: HTML to JSON, {name}"
        yield ratio(what, rates[name, HTML], rates[name, JSON], must=0.9)
        if (RIVAL, JSON) in rates:
            yield from _ratios(name, rates)
    failed = sum(burst.errors for bursts in found.values() for burst in bursts)
    yield Row("requests that failed", failed, "", "wanted: 0")


def _ratios(name: str, rates: dict[tuple[str, str], list[float]]) -> Iterator[Row]:
    for form, must, aim in ((JSON, 2.5, 10.0), (HTML, 2.5, 10.0), (NEW, 1.0, 2.0)):
        if (name, form) in rates:
            what = f"a day's times, {form}: {name} to rival"
            yield ratio(what, rates[name, form], rates[RIVAL, JSON], must=must, aim=aim)
