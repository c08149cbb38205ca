"""Load by wrk: each request is a line of a plan, and nothing is computed while it runs."""

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

from benchmarks.clients import Clients, Posting
from benchmarks.processes import cpu_seconds
from benchmarks.rows import Row
from benchmarks.web import Serving

_REST = 0.5  # seconds in which what was on its way when the load ended is done
MISSING = Row("wrk", 0, "", "is missing: install it to run this benchmark")
_SCRIPT = r"""
local requests, n = {}, 0
function init(arguments)
  for line in io.lines(arguments[1]) do
    local f = {}
    for field in (line .. '\t'):gmatch('(.-)\t') do f[#f + 1] = field end
    local headers = {}
    for i = 4, #f - 1, 2 do headers[f[i]] = f[i + 1] end
    local body = nil
    if f[3] ~= '' then body = f[3] end
    requests[#requests + 1] = wrk.format(f[1], f[2], headers, body)
  end
end
function request()
  n = n + 1
  return requests[(n - 1) % #requests + 1]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT %d %f %d %d %f %f %f\n', summary.requests,
    summary.duration / 1e6, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Request:
    """One request, as the server is to get it."""

    method: str
    path: str
    headers: dict[str, str]
    body: str = ""

    def as_line(self) -> str:
        named = [word for pair in self.headers.items() for word in pair]
        return "\t".join((self.method, self.path, self.body, *named))

    def as_bytes(self) -> bytes:
        body = self.body.encode()
        told = {**self.headers, "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{lines}\r\n".encode() + body

    def with_headers(self, more: Mapping[str, str]) -> "Request":
        return replace(self, headers={**self.headers, **more})


@dataclass(frozen=True)
class Burst:
    """What came of it. Times are in milliseconds, `cpu` in microseconds a request."""

    done: int
    seconds: float
    refused: int  # answers from 400 on
    broken: int  # connections
    p50: float
    p95: float
    p99: float
    cpu: float

    @property
    def rate(self) -> float:
        return (self.done - self.refused) / self.seconds

    @property
    def errors(self) -> int:
        return self.refused + self.broken


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


def burst(
    target: Serving, plan: Sequence[Request], *, seconds: int, clients: int = 32
) -> Burst:
    """Send the plan from the start, by so many kept connections, again if it ends."""
    with tempfile.TemporaryDirectory() as name:
        script, lines = Path(name) / "plan.lua", Path(name) / "plan"
        script.write_text(_SCRIPT)
        lines.write_text("".join(f"{request.as_line()}\n" for request in plan))
        before = cpu_seconds(target.pids)
        said = subprocess.run(  # noqa: S603 (the words are ours)
            [
                *("wrk", "-t1", f"-c{clients}", f"-d{seconds}", "--timeout=10"),
                *("-s", str(script), f"http://127.0.0.1:{target.port}"),
                *("--", str(lines)),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        time.sleep(_REST)
        used = cpu_seconds(target.pids) - before
    [result] = [line for line in said.splitlines() if line.startswith("RESULT")]
    numbers = [float(word) for word in result.split()[1:]]
    done, refused, broken = int(numbers[0]), int(numbers[2]), int(numbers[3])
    cpu = used * 1e6 / max(1, done)
    p50, p95, p99 = numbers[4:7]
    return Burst(done, numbers[1], refused, broken, p50, p95, p99, cpu)


def posts(
    path: str, bodies: Sequence[tuple[str, str, str]], *, is_keyed: bool = False
) -> list[Request]:
    """Return what posts each of (host, token, body)."""
    return [
        Request(
            "POST",
            path,
            {
                "Host": host,
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                **({"Idempotency-Key": str(uuid4())} if is_keyed else {}),
            },
            body,
        )
        for host, token, body in bodies
    ]


def send_all(server: Serving, requests: Iterable[Request]) -> None:
    """Send each once, 16 at a time."""
    clients = Clients()
    raw = [each.as_bytes() for each in requests]
    posting = Posting(clients, server.port, raw, at_once=16)
    clients.run(lambda: posting.is_done)
    clients.close()
    assert posting.statuses[201] == len(raw), posting.statuses  # noqa: S101


def etags(server: Serving, requests: Iterable[Request]) -> dict[str, str]:
    """Ask each once, and return the ETag of each path."""
    connection = HTTPConnection("127.0.0.1", server.port)
    found = {}
    for each in requests:
        connection.request(each.method, each.path, headers=each.headers)
        answer = connection.getresponse()
        answer.read()
        found[each.path] = answer.headers["ETag"]
    connection.close()
    return found


def rate(what: str, bursts: Sequence[Burst]) -> Row:
    """Return the median rate, with medians of the times and of the processor's."""
    middle = {
        name: statistics.median(getattr(burst, name) for burst in bursts)
        for name in ("rate", "p50", "p95", "p99", "cpu")
    }
    note = "p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms; server CPU {cpu:.0f} us"
    return Row(what, middle["rate"], "/s", note.format(**middle))
