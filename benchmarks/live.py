"""Open pages: how soon the last of them shows a booking, and how many events they take."""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice

import psycopg

from benchmarks import rival
from benchmarks.clients import Kind, Posting, Viewers
from benchmarks.entries import DAPHNE, RIVAL, RIVALS, UVICORN, ordered, serving
from benchmarks.filled import Filled, filled, prepare
from benchmarks.load import posts
from benchmarks.processes import memory_mib
from benchmarks.rows import Row, ratio
from benchmarks.web import Serving
from tenants.context import clinic_context, connection

ROUNDS = int(os.environ.get("ROUNDS", "5"))
_SINGLES = 10
_BURST, _AT_ONCE = 1000, 16
# Those who are told of a burst watch longer: it has to last, or its end counts for much.
_WATCHED_DAYS, _BURST_DAYS = 15, 30
JSON, HTML = "JSON", "HTML"

Entry = tuple[str, str]  # server, format
_OF_RIVAL = Kind(
    "/socket.io/?EIO=4&transport=websocket",
    mark=b'"slotUpdated"',
    hello=b'"upgrades"',
    greeting=b"40",
    joined=b'40{"sid"',
)


@dataclass
class Seen:
    """What the rounds of one entry gave. Times in milliseconds, memory in KiB."""

    last: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)
    joins: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    lost: int = 0  # events
    refused: int = 0  # bookings


def measure() -> Iterator[Row]:
    """Watch with 500 and with 2,000 sockets."""
    if not rival.is_there():
        yield rival.LEFT_OUT
    prepare()
    clinic = filled(doctors=2, days=60, patients=600)
    for sockets in (500, 2000):
        found = _rounds(clinic, sockets)
        yield from _rows(sockets, found)


def _rounds(clinic: Filled, sockets: int) -> dict[Entry, Seen]:
    found: dict[Entry, Seen] = {}
    for number in range(ROUNDS):
        for name in ordered([DAPHNE, UVICORN, RIVAL], number):
            for form in (JSON,) if name in RIVALS else (JSON, HTML):
                with serving(name) as servers:  # anew: memory is counted from its start
                    if name in servers:
                        seen = found.setdefault((name, form), Seen())
                        side = _side(name, form, clinic, _WATCHED_DAYS)
                        _watch(servers[name], side, sockets, seen)
                        if sockets <= 500:
                            side = _side(name, form, clinic, _BURST_DAYS)
                            _burst(servers[name], side, sockets, seen)
    return found


@dataclass(frozen=True)
class Side:
    """How a server is watched and booked at.

    Args:
        orders: makes so many requests that book.
        committed_at: when the last of them was, as `time.time()` has it.
    """

    host: str
    kind: Kind
    orders: Callable[[int], list[bytes]]
    committed_at: Callable[[], float]


def _side(name: str, form: str, clinic: Filled, days: int) -> Side:
    if name in RIVALS:
        return Side("localhost", _OF_RIVAL, _orders_of_rival, _committed_at_rival)
    clinic.free()
    first, last = clinic.days[0], clinic.days[days - 1]
    doctor, _ = clinic.doctors[0]
    path = f"/ws/slots/?doctor={doctor}&from={first}&to={last}"
    kinds = {
        JSON: Kind(f"{path}&format=json", mark=b'"slotUpdated"', joined=b'"snapshot"'),
        HTML: Kind(path, mark=b'id="slot-', joined=b"data-snapshot"),
    }
    slots, patients = _spread(clinic, doctor, days), cycle(clinic.tokens)

    def orders(number: int) -> list[bytes]:
        orders = [
            (clinic.host, next(patients), json.dumps({"slot": slot}))
            for slot in islice(slots, number)
        ]
        plan = posts("/api/v1/appointments/", orders)
        return [request.as_bytes() for request in plan]

    return Side(clinic.host, kinds[form], orders, lambda: _committed_at(clinic))


def _spread(clinic: Filled, doctor: str, days: int) -> Iterator[str]:
    """Yield a doctor's times, of one watched day after the other; then of the next ones."""
    for n in range(0, days, _WATCHED_DAYS):
        last = clinic.days[n + _WATCHED_DAYS - 1]
        yield from clinic.slots_of(doctor, clinic.days[n], last)


def _orders_of_rival(number: int) -> list[bytes]:
    slots = rival.next_slots(number)
    orders = [("localhost", rival.TOKEN, rival.BODY.format(slot)) for slot in slots]
    plan = posts("/api/bookings", orders)
    return [request.as_bytes() for request in plan]


def _committed_at(clinic: Filled) -> float:
    with clinic_context(clinic.clinic), connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(pg_xact_commit_timestamp(xmin)) FROM bookings_appointment"
        )
        return _as_time(cursor.fetchone()[0])


def _committed_at_rival() -> float:
    with psycopg.connect(rival.database(), autocommit=True) as connected:
        told = connected.execute(
            "SELECT pg_xact_commit_timestamp(xmin) FROM appointment ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert told  # noqa: S101 (it has just been booked)
    return _as_time(told[0])


def _as_time(committed: datetime) -> float:
    return committed.astimezone(UTC).timestamp()


def _watch(server: Serving, side: Side, sockets: int, seen: Seen) -> None:
    _close(Viewers(server.port, side.host, side.kind, 20))  # its first ones cost more
    before, _ = memory_mib(server.pids)
    viewers = Viewers(server.port, side.host, side.kind, sockets)
    seen.joins.append(sockets / viewers.joined_in)
    time.sleep(1)
    seen.memory.append((memory_mib(server.pids)[0] - before) * 1024 / sockets)
    for _ in range(_SINGLES):
        _single(server, side, viewers, seen)
    seen.lost += viewers.lost
    _close(viewers)


def _close(viewers: Viewers) -> None:
    viewers.clients.close()
    time.sleep(0.5)


def _single(server: Serving, side: Side, viewers: Viewers, seen: Seen) -> None:
    viewers.forget()
    posting = Posting(viewers.clients, server.port, side.orders(1), at_once=1)
    if viewers.wait_for(viewers.number):
        seen.last.append((viewers.last_at - side.committed_at()) * 1000)
    else:
        seen.lost += viewers.number - viewers.events
        seen.refused += posting.statuses[201] != 1
    time.sleep(0.1)


def _burst(server: Serving, side: Side, sockets: int, seen: Seen) -> None:
    """Book as fast as 16 can, until all viewers have been told of all."""
    viewers = Viewers(server.port, side.host, side.kind, sockets)
    time.sleep(1)
    viewers.forget()
    orders = side.orders(_BURST)
    began = time.time()
    posting = Posting(viewers.clients, server.port, orders, at_once=_AT_ONCE)
    viewers.clients.run(lambda: posting.is_done)
    booked = posting.statuses[201]
    viewers.wait_for(booked * viewers.number)
    seen.lost += booked * viewers.number - viewers.events
    seen.refused += _BURST - booked
    seen.events.append(booked / (viewers.last_at - began))
    seen.lost += viewers.lost
    _close(viewers)


def _rows(sockets: int, found: dict[Entry, Seen]) -> Iterator[Row]:
    for (name, form), seen in found.items():
        where = f"{sockets} sockets, {form}, {name}"
        worst = f"worst {max(seen.last):.0f}, n = {len(seen.last)}"
        yield Row(f"commit to the last of {where}", _middle(seen.last), "ms", worst)
        yield Row(f"joins, {where}", _middle(seen.joins), "/s")
        yield Row(f"memory of one of {where}", _middle(seen.memory), "KiB")
        if seen.events:
            yield Row(f"sustained, {where}", _middle(seen.events), "/s")
        refused = f"wanted: 0; {seen.refused} bookings refused"
        yield Row(f"lost, {where}", seen.lost, "", refused)
    if (RIVAL, JSON) in found:
        yield from _ratios(sockets, found)


def _ratios(sockets: int, found: dict[Entry, Seen]) -> Iterator[Row]:
    theirs = found[RIVAL, JSON]
    for (name, form), seen in found.items():
        if name in RIVALS:
            continue
        what = f"{sockets} sockets, {form}: {name} to rival"
        must = 3.5 if name == DAPHNE else 1.3
        mine = _by_round(seen.last)
        yield ratio(
            f"commit to last, {what}", mine, _by_round(theirs.last), must=must, aim=0.85
        )
        if seen.events:
            yield ratio(
                f"sustained, {what}", seen.events, theirs.events, must=5, aim=12
            )


def _by_round(times: list[float]) -> list[float]:
    return [
        statistics.median(times[n : n + _SINGLES])
        for n in range(0, len(times), _SINGLES)
    ]


def _middle(values: list[float]) -> float:
    return statistics.median(values)
