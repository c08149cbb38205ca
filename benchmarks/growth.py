"""Whether it stays as quick: among many clinics, in a large one, after a year.

Three clinics have the same doctors, the same coming times and as many patients with an
account: a small one, a week old; one as old with `SLOTS` slots, nearly all of them past;
and one that was full for a year.
"""

import os
from collections.abc import Iterator

from benchmarks import load, neighbours, past
from benchmarks.asking import BOOKINGS, HOLDS, KINDS, READINGS, Kind, fill_last_days
from benchmarks.costs import Cost, compared, shown
from benchmarks.entries import UVICORN, ordered, serving
from benchmarks.filled import Filled, filled, prepare
from benchmarks.rows import Row, milliseconds
from benchmarks.web import Serving

ROUNDS = int(os.environ.get("ROUNDS", "5"))
CLINICS = int(os.environ.get("CLINICS", "200"))
SLOTS = int(os.environ.get("SLOTS", "1000000"))
_MUST = 1.3
_SMALL, _LARGE, _OLD = "small", "large", "after a year"

Clinics = dict[str, Filled]
Costs = dict[tuple[Kind, str], list[Cost]]


def measure() -> Iterator[Row]:
    """Measure among clinics first: then the small one is the only one there is.

    `CLINICS=0` leaves that part out, `SLOTS=0` the other one.
    """
    if not load.has_wrk():
        yield load.MISSING
        return
    prepare()
    small = _clinic(past.WEEK)
    if CLINICS:
        yield from neighbours.measure(small, CLINICS)
    if SLOTS:
        yield from _measure_past(small)


def _measure_past(small: Filled) -> Iterator[Row]:
    large, old = _clinic(past.WEEK), _clinic(past.YEAR)
    took = milliseconds(lambda: past.add_slots(large, SLOTS))
    large.tidy()
    clinics = {_SMALL: small, _LARGE: large, _OLD: old}
    for name, clinic in clinics.items():
        note = f"its past was made in {took / 1000:.0f} s" if clinic is large else ""
        yield Row(f"slots, {name}", past.slots(clinic), "", note)
    yield from _rows(_rounds(clinics))


def _clinic(days: int) -> Filled:
    """About 15,000 coming times, and so many days of visits."""
    return past.opened(filled(doctors=15, days=25, patients=1500), days)


def _rounds(clinics: Clinics) -> Costs:
    found: Costs = {(kind, name): [] for kind in KINDS for name in clinics}
    with serving(UVICORN) as servers:
        for number in range(-1, ROUNDS):
            costs = _round(servers[UVICORN], clinics, number)
            for key, cost in costs if number >= 0 else ():  # the first one warms up
                found[key].append(cost)
    return found


def _round(
    server: Serving, clinics: Clinics, number: int
) -> list[tuple[tuple[Kind, str], Cost]]:
    """Book, and read from calendars that are as empty as before but for full days."""
    names = ordered(list(clinics), number)
    found = []
    for kinds, is_reading in ((BOOKINGS, False), ((*READINGS, *HOLDS), True)):
        for name in names:
            clinics[name].free()
            if is_reading:
                fill_last_days(server, clinics[name])
        for kind in kinds:
            for name in names:
                found.append(((kind, name), kind.cost(server, clinics[name])))
    return found


def _rows(found: Costs) -> Iterator[Row]:
    for (kind, name), costs in found.items():
        yield shown(f"{kind.what}, {name}", costs)
    for name in (_LARGE, _OLD):
        for kind in KINDS:
            what = f"{kind.what}: {name} to {_SMALL}"
            yield compared(what, found[kind, name], found[kind, _SMALL], must=_MUST)
    failed = sum(cost.burst.errors for costs in found.values() for cost in costs)
    yield Row("requests that failed", failed, "", "wanted: 0")
