"""What requests cost: the processor time of the web process and of PostgreSQL."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from benchmarks import load
from benchmarks.load import Burst, Request
from benchmarks.processes import family_cpu_seconds, parent_of
from benchmarks.rows import Row, ratio
from benchmarks.web import Serving
from tenants.context import connection


@dataclass(frozen=True)
class Cost:
    """Of one burst; processor times in microseconds a request."""

    burst: Burst
    postgres: float

    @property
    def web(self) -> float:
        return self.burst.cpu

    @property
    def whole(self) -> float:
        return self.web + self.postgres


def cost_of(
    server: Serving, plan: Sequence[Request], *, seconds: int, clients: int
) -> Cost:
    """Send the plan, and see what it took."""
    before = family_cpu_seconds(_postmaster())
    burst = load.burst(server, plan, seconds=seconds, clients=clients)
    used = family_cpu_seconds(_postmaster()) - before
    return Cost(burst, used * 1e6 / max(1, burst.done))


@cache
def _postmaster() -> int:
    """Whose children all processes of the benchmark's own PostgreSQL are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return parent_of(cursor.fetchone()[0])


def shown(what: str, costs: Sequence[Cost]) -> Row:
    """Return the median of what a request cost, and of which it is made up."""
    middle = {
        name: statistics.median(getattr(each, name) for each in costs)
        for name in ("whole", "web", "postgres")
    }
    times = {
        name: statistics.median(getattr(each.burst, name) for each in costs)
        for name in ("p50", "rate")
    }
    note = "web {web:.0f}, PostgreSQL {postgres:.0f}; p50 {p50:.1f} ms, {rate:,.0f}/s"
    return Row(what, middle["whole"], "us", note.format(**middle, **times))


def compared(
    what: str, large: Sequence[Cost], small: Sequence[Cost], *, must: float | None
) -> Row:
    """Return the median ratio of costs, and those of PostgreSQL and of the time taken."""
    row = ratio(
        what, [each.whole for each in large], [each.whole for each in small], must=must
    )
    postgres = ratio(
        "", [each.postgres for each in large], [each.postgres for each in small]
    ).value
    took = ratio(
        "", [each.burst.p50 for each in large], [each.burst.p50 for each in small]
    ).value
    note = f"PostgreSQL {postgres:.2f}, p50 {took:.2f}; {row.note}"
    return replace(row, note=note)
