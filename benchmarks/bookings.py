"""Bookings a second of distinct times, 32 at once: in one clinic, and over twenty."""

import os
import statistics
from collections.abc import Iterator

from benchmarks import ceiling, load, rival
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
from benchmarks.filled import Filled, filled, prepare, spread
from benchmarks.load import Burst
from benchmarks.rows import Row, ratio
from benchmarks.web import Serving

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = 3
_PATH = "/api/v1/appointments/"
_MOST = 12_000  # requests of a plan: more than a burst can send

Bursts = dict[str, list[Burst]]


def measure() -> Iterator[Row]:
    """Measure both; needs wrk, and leaves out what else is not there."""
    if not load.has_wrk():
        yield load.MISSING
        return
    if not rival.is_there():
        yield rival.LEFT_OUT
    prepare()
    one = [filled(doctors=60, days=92, patients=2000)]
    names = (DAPHNE, UVICORN, TWO_UVICORNS, RIVAL, RIVAL_PG)
    yield from _compare("one clinic", one, names)
    many = [filled(doctors=10, days=60, patients=200) for _ in range(20)]
    yield from _compare("20 clinics", many, names)
    yield from _lone(one[0])


def _compare(
    where: str, clinics: list[Filled], names: tuple[str, ...]
) -> Iterator[Row]:
    with serving(*names) as servers:
        for server in servers:
            _burst(server, servers[server], clinics, seconds=SECONDS)  # warms up
        found: Bursts = {name: [] for name in servers}
        ceilings = []
        for number in range(ROUNDS):
            for name in ordered(list(servers), number):
                found[name].append(_burst(name, servers[name], clinics))
            if ceiling.has_pgbench():
                ceilings.append(ceiling.classic_rate(seconds=SECONDS))
    for name, bursts in found.items():
        yield load.rate(f"bookings, {where}, {name}", bursts)
    if ceilings:
        rate = statistics.median(ceilings)
        yield Row("pgbench, the classic transaction", rate, "/s")
    yield from _ratios(where, found, ceilings)
    yield from _cpu_ratios(where, found)
    yield Row(f"requests that failed, {where}", _failed(found), "", "wanted: 0")


def _burst(
    name: str, server: Serving, clinics: list[Filled], *, seconds: int = SECONDS
) -> Burst:
    if name in RIVALS:
        slots = rival.next_slots(_MOST)
        orders = [("localhost", rival.TOKEN, rival.BODY.format(slot)) for slot in slots]
        return load.burst(server, load.posts("/api/bookings", orders), seconds=seconds)
    orders = spread(clinics, _MOST)
    before = sum(clinic.appointments() for clinic in clinics)
    done = load.burst(server, load.posts(_PATH, orders), seconds=seconds)
    made = sum(clinic.appointments() for clinic in clinics) - before
    # Those on their way when the load ended may have been booked, too.
    assert 0 <= made - (done.done - done.refused) <= 64, (made, done)  # noqa: S101
    return done


def _lone(clinic: Filled) -> Iterator[Row]:
    """What one booking at a time costs: nobody shares a turn with it."""
    with serving(DAPHNE, UVICORN, RIVAL) as servers:
        found: Bursts = {name: [] for name in servers}
        for number in range(ROUNDS):
            for name in ordered(list(servers), number):
                found[name].append(_lone_burst(name, servers[name], clinic))
    for name, bursts in found.items():
        yield load.rate(f"bookings one after the other, {name}", bursts)


def _lone_burst(name: str, server: Serving, clinic: Filled) -> Burst:
    if name in RIVALS:
        slots = rival.next_slots(_MOST // 5)
        orders = [("localhost", rival.TOKEN, rival.BODY.format(slot)) for slot in slots]
        plan = load.posts("/api/bookings", orders)
    else:
        plan = load.posts(_PATH, spread([clinic], _MOST // 5))
    return load.burst(server, plan, seconds=2, clients=1)


def _ratios(where: str, found: Bursts, ceilings: list[float]) -> Iterator[Row]:
    rates = {name: [burst.rate for burst in found[name]] for name in found}
    best = max(
        (DAPHNE, UVICORN, TWO_UVICORNS), key=lambda n: statistics.median(rates[n])
    )
    if RIVAL in found:
        aim = 10 if where == "one clinic" else 4
        what = f"bookings, {where}: daphne to rival"
        yield ratio(what, rates[DAPHNE], rates[RIVAL], must=1.0, aim=aim)
        what = f"bookings, {where}: {best} to rival"
        yield ratio(what, rates[best], rates[RIVAL], must=2.5, aim=aim)
    if RIVAL_PG in found:
        what = f"bookings, {where}: {best} to rival on pg"
        yield ratio(what, rates[best], rates[RIVAL_PG], aim=4)
    if ceilings:
        what = f"bookings, {where}: {best} to pgbench"
        yield ratio(what, rates[best], ceilings, aim=0.6)


def _cpu_ratios(where: str, found: Bursts) -> Iterator[Row]:
    cpu = {name: [burst.cpu for burst in found[name]] for name in found}
    if RIVAL in found:
        for name, must in ((DAPHNE, 1.0), (UVICORN, 0.35)):
            what = f"server CPU a booking, {where}: {name} to rival"
            yield ratio(what, cpu[name], cpu[RIVAL], must=must, aim=0.1)


def _failed(found: Bursts) -> int:
    return sum(burst.errors for bursts in found.values() for burst in bursts)
