"""Everybody wants the same time at the same moment."""

import os
import statistics
from collections import Counter
from collections.abc import Iterator

from benchmarks import rival
from benchmarks.clients import Race, race
from benchmarks.entries import DAPHNE, RIVAL, RIVALS, UVICORN, ordered, serving
from benchmarks.filled import Filled, filled, prepare
from benchmarks.load import posts
from benchmarks.rows import Row, ratio
from benchmarks.web import Serving

ROUNDS = int(os.environ.get("ROUNDS", "5"))
_PATH = "/api/v1/appointments/"
_TARGETS = {DAPHNE: (1.0, 0.2), UVICORN: (1.0, 0.2)}


def measure() -> Iterator[Row]:
    """Race 500 and 2,000 clients, each on a new connection and with a token of its own."""
    if not rival.is_there():
        yield rival.LEFT_OUT
    prepare()
    clinic = filled(doctors=5, days=30, patients=2000)
    with serving(DAPHNE, UVICORN, RIVAL) as servers:
        for name in servers:
            _race(name, servers[name], clinic, 50)  # warms up
        for clients in (500, 2000):
            found: dict[str, list[Race]] = {name: [] for name in servers}
            for number in range(ROUNDS):
                for name in ordered(list(servers), number):
                    found[name].append(_race(name, servers[name], clinic, clients))
            yield from _rows(clients, found)


def _race(name: str, server: Serving, clinic: Filled, clients: int) -> Race:
    if name in RIVALS:
        [slot] = rival.next_slots(1)
        order = ("localhost", rival.TOKEN, rival.BODY.format(slot))
        plan = posts("/api/bookings", [order] * clients)
    else:
        [(host, _, body)] = clinic.next_orders(1)
        orders = [(host, token, body) for token in clinic.tokens[:clients]]
        plan = posts(_PATH, orders)
    return race(server.port, [request.as_bytes() for request in plan])


def _rows(clients: int, found: dict[str, list[Race]]) -> Iterator[Row]:
    times = {name: [race.milliseconds for race in found[name]] for name in found}
    for name, races in found.items():
        statuses = sum((race.statuses for race in races), Counter())
        said = ", ".join(f"{n} x {status}" for status, n in sorted(statuses.items()))
        what = f"one time, {clients} clients, all answered, {name}"
        yield Row(what, statistics.median(times[name]), "ms", said)
        lost = sum(not race.is_won_once for race in races)
        yield Row("  races without exactly one 201", lost, "", "wanted: 0")
    if RIVAL in found:
        for name, (must, aim) in _TARGETS.items():
            what = f"one time, {clients} clients: {name} to rival"
            yield ratio(what, times[name], times[RIVAL], must=must, aim=aim)
