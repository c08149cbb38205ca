"""Minutes of a clinic's whole life at 70 % of what can be borne: does anything grow?

SOAK says for how many seconds (60), SERVER on which web server. Meanwhile a checker
compares pages with the store.
"""

import os
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from django.conf import settings

from benchmarks import checker, windows
from benchmarks.checker import Found, Where
from benchmarks.clients import Clients, Kind, Viewers
from benchmarks.crowd import (
    BOOK,
    CANCEL,
    CHANGES,
    HOLD,
    HOLD_SECONDS,
    SHARES,
    Crowd,
    mixed,
    only,
)
from benchmarks.entries import TWO_UVICORNS, serving
from benchmarks.filled import filled, prepare
from benchmarks.pace import Lines, Pace, Tally, burst, percentile
from benchmarks.processes import free_port, wait_for_listeners
from benchmarks.rows import Row
from benchmarks.samples import Sample, Sampler
from benchmarks.web import Serving, kept_running, our_web
from benchmarks.windows import WINDOWS, Window
from bookings.models import Practice
from tenants.context import clinic_context, connection

SECONDS = float(os.environ.get("SOAK", "60"))
_SHARE = 0.7  # of the capacity
_WARM_UP, _BURST, _CHANGING = 4, 8, 15  # seconds
_PUBLISHED = 62  # days: the worker publishes one more, not weeks
_STOCK = 200  # appointments that are there from the beginning
_AT_ONCE, _LINES = 32, 256  # connections: for the capacity, and for what is due
_FEW = 4  # who change things at once: they leave room for who compares
_WATCHED_DOCTORS, _VIEWERS_OF_EACH, _WATCHED_DAYS = 10, 20, 7
_COMPARED_DOCTORS, _COMPARED_DAYS = 2, 3  # a quarter of all changes
_COMPARING = 50  # patients, in whose names the checker books
_REST = 0.5  # seconds after each day that was compared


def measure() -> Iterator[Row]:
    """Find the capacity, hold 70 % of it, and then change as much as two processes can."""
    prepare()
    clinic = filled(doctors=20, days=_PUBLISHED, patients=1000)
    with clinic_context(clinic.clinic):
        Practice.objects.update(hold_minutes=HOLD_SECONDS // 60)
    crowd = Crowd(clinic)
    connection.close()
    connection.close_pool()  # only the product's connections are counted
    # In a process of its own: what measures time does nothing else.
    with _worker() as worker, ProcessPoolExecutor(1, get_context("spawn")) as beside:
        with our_web(settings.SERVER) as server:
            yield from _soak(server, worker, crowd, beside)
        with serving(TWO_UVICORNS) as servers:
            yield from _change(servers[TWO_UVICORNS], crowd, beside)


@contextmanager
def _worker() -> Iterator[tuple[int, ...]]:
    """Run a worker, and a mail server that takes everything and keeps nothing."""
    port = free_port()
    sink = [sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink"]
    work = [sys.executable, "manage.py", "work"]
    url = {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
    with kept_running([[*sink, "-l", f"127.0.0.1:{port}"]], {}, settings.BASE_DIR):
        wait_for_listeners(port, 1)
        with kept_running([work], url, settings.BASE_DIR) as pids:
            yield pids


def _soak(
    server: Serving, worker: tuple[int, ...], crowd: Crowd, beside: Executor
) -> Iterator[Row]:
    clients = Clients()
    pages = _open_pages(server, crowd, clients)
    lines = Lines(clients, server.port, crowd, _LINES)
    schema = crowd.clinic.clinic.schema_name
    with Sampler(schema, server.pids, worker) as sampler:
        burst(lines, only(BOOK, _STOCK), seconds=60)
        burst(lines, mixed(SHARES), seconds=_WARM_UP)
        _wait_for_mail(clients, sampler)
        compared = beside.submit(
            checker.check, _where(server, crowd), seconds=_BURST + SECONDS, rest=_REST
        )
        tally, capacity = burst(lines, mixed(SHARES), seconds=_BURST, at_once=_AT_ONCE)
        yield _capacity(tally, capacity)
        _wait_for_mail(clients, sampler)
        pace = Pace(lines, mixed(SHARES), capacity * _SHARE)
        yield from _hold(pace, sampler)
    cut = sum(each.lost for each in pages)
    note = f"wanted: 0 of {sum(each.number for each in pages)}"
    yield Row("open pages whose socket was cut", cut, "", note)
    yield from _truth("during the soak", compared.result())
    clients.close()


def _open_pages(server: Serving, crowd: Crowd, clients: Clients) -> list[Viewers]:
    """Open pages of the doctors who are asked for most; they read all the time."""
    first, last = crowd.days[0], crowd.days[_WATCHED_DAYS - 1]
    kinds = [
        Kind(
            f"/ws/slots/?doctor={doctor}&from={first}&to={last}",
            mark=b'id="slot-',
            joined=b"data-snapshot",
        )
        for doctor, _ in crowd.clinic.doctors[:_WATCHED_DOCTORS]
    ]
    host = crowd.clinic.host
    return [
        Viewers(server.port, host, kind, _VIEWERS_OF_EACH, clients) for kind in kinds
    ]


def _wait_for_mail(clients: Clients, sampler: Sampler) -> None:
    """Begin without a backlog: what the worker does is part of the load."""
    clients.run(lambda: not sampler.unsent())


def _where(server: Serving, crowd: Crowd) -> Where:
    """What is compared: the days that are changed and asked for most."""
    clinic = crowd.clinic
    return Where(
        port=server.port,
        host=clinic.host,
        database=os.environ["DATABASE_URL"],
        schema=clinic.clinic.schema_name,
        doctors=dict(clinic.doctors[:_COMPARED_DOCTORS]),
        days=[day.isoformat() for day in crowd.days[:_COMPARED_DAYS]],
        tokens=clinic.tokens[:_COMPARING],
    )


def _capacity(tally: Tally, rate: float) -> Row:
    p50, p99 = (percentile(tally.all_times, each) for each in (50, 99))
    note = (
        f"{_AT_ONCE} at once on {settings.SERVER}: p50 {p50:.1f}, p99 {p99:.1f} ms; "
        f"{tally.errors} errors"
    )
    return Row("capacity, mixed requests", rate, "/s", note)


def _hold(pace: Pace, sampler: Sampler) -> Iterator[Row]:
    found = []
    for window in _windows(pace, sampler):
        found.append(window)
        yield window.row(len(found))
    yield _held(pace, found)
    yield from windows.kinds(found)
    yield from windows.times(found)
    yield from windows.growth(found)
    yield from windows.errors(found, unanswered=pace.unanswered)


def _windows(pace: Pace, sampler: Sampler) -> Iterator[Window]:
    """Yield each window when the next one is over: then all its answers are here."""
    done: deque[tuple[Tally, Future[Sample]]] = deque()
    for number in range(1, WINDOWS + 1):
        tally = Tally()
        pace.run(tally, pace.began + SECONDS * number / WINDOWS)
        done.append((tally, sampler.soon()))
        if len(done) > 1:
            before, sample = done.popleft()
            yield Window(before, sample.result())
    pace.settle()
    for last, sample in done:
        yield Window(last, sample.result())


def _held(pace: Pace, found: list[Window]) -> Row:
    """Tell the rate, and how late we were ourselves: the load must not be what waits."""
    answered = sum(window.tally.statuses.total() for window in found)
    late = sorted(each for window in found for each in window.tally.late)
    p50, p99 = (percentile(late, each) for each in (50, 99))
    note = (
        f"{_SHARE:.0%} of the capacity, {pace.rate:.0f}/s due; "
        f"sent late by p50 {p50:.1f}, p99 {p99:.1f} ms"
    )
    return Row(f"held for {SECONDS:.0f} s", answered / SECONDS, "/s", note)


def _truth(when: str, found: Found) -> Iterator[Row]:
    said = ", ".join(f"{n} x {form}" for form, n in found.pages.items())
    note = (
        f"{said}; {found.prompt} right after a change of our own, {found.newer} times "
        f"changed meanwhile, {found.frames} times in live frames"
    )
    yield Row(f"pages compared {when}", found.pages.total(), "", note)
    told = "; ".join(("wanted: 0", *found.told[:5]))
    yield Row("  times that were shown wrong", found.wrong, "", told)
    failed = ", ".join(f"{n} x {status}" for status, n in found.statuses.items())
    yield Row("  pages that did not come", found.statuses.total(), "", failed)


def _change(server: Serving, crowd: Crowd, beside: Executor) -> Iterator[Row]:
    """Book, cancel and hold through all processes, while pages of all are compared."""
    clients = Clients()
    lines = Lines(clients, server.port, crowd, _FEW)
    where = _where(server, crowd)
    compared = beside.submit(checker.check, where, seconds=_CHANGING, rest=0)
    tally, rate = burst(lines, mixed(CHANGES), seconds=_CHANGING, at_once=_FEW)
    changed = sum(len(tally.times[kind]) for kind in (BOOK, CANCEL, HOLD))
    note = f"of {rate:.0f} requests, {_FEW} at once; {tally.errors} errors"
    yield Row("changes by 2 x uvicorn", changed / _CHANGING, "/s", note)
    yield from _truth("while 2 x uvicorn book", compared.result())
    clients.close()
