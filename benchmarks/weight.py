"""What pages weigh, and what a web process needs when it has nothing to do."""

import gzip
import re
import time
from collections.abc import Iterator
from http.client import HTTPConnection

from benchmarks import rival
from benchmarks.entries import DAPHNE, RIVAL, UVICORN, serving
from benchmarks.filled import Filled, filled, prepare
from benchmarks.processes import memory_mib
from benchmarks.rows import Row, ratio
from benchmarks.web import Serving

_OWN = re.compile(rb'(?:href|src)="(/static/[^"]+\.(?:css|js)[^"]*)"')


def measure() -> Iterator[Row]:
    """Weigh a doctor's day and what it loads; then the processes."""
    prepare()
    clinic = filled(doctors=5, days=30, patients=1)
    with serving(UVICORN) as servers:
        yield from _pages(servers[UVICORN], clinic)
    yield from _idle()


def _pages(server: Serving, clinic: Filled) -> Iterator[Row]:
    _, slug = clinic.doctors[0]
    path = f"/doctors/{slug}/?date={clinic.days[1]}"
    page = _get(server, clinic, path)
    yield _weighed("a doctor's day, whole page", page)
    yield _weighed("  its fragment", _get(server, clinic, path, {"HX-Request": "true"}))
    for own in dict.fromkeys(_OWN.findall(page)):
        name = own.decode()
        yield _weighed(f"  {name.rsplit('/')[-1]}", _get(server, clinic, name))


def _get(
    server: Serving, clinic: Filled, path: str, headers: dict[str, str] | None = None
) -> bytes:
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", path, headers={"Host": clinic.host, **(headers or {})})
    body = connection.getresponse().read()
    connection.close()
    return body


def _weighed(what: str, body: bytes) -> Row:
    note = f"{len(gzip.compress(body)) / 1024:.1f} KiB with gzip"
    return Row(what, len(body) / 1024, "KiB", note)


def _idle() -> Iterator[Row]:
    found = {}
    with serving(DAPHNE, UVICORN, RIVAL) as servers:
        time.sleep(5)
        for name, server in servers.items():
            found[name], own = memory_mib(server.pids)
            yield Row(f"idle, {name}", found[name], "MiB", f"PSS {own:.0f} MiB")
    for name in (DAPHNE, UVICORN) if rival.is_there() else ():
        what = f"idle: {name} to rival"
        yield ratio(what, [found[name]], [found[RIVAL]], must=2, aim=1.2)
