"""A long run in tenths: what each was like, and whether the last are like the first."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.pace import Tally, percentile
from benchmarks.rows import Row
from benchmarks.samples import Sample

WINDOWS = 10
_THIRD = 3
# What is still flat: the last third to the first one, and the end to the beginning.
_MOST_SLOWER, _MOST_GROWTH = 1.5, 1.15


@dataclass(frozen=True)
class Window:
    """A tenth of a run; the sample was taken at its end."""

    tally: Tally
    sample: Sample

    def percentile(self, percent: float) -> float:
        return percentile(self.tally.all_times, percent)

    def row(self, number: int) -> Row:
        p50, p95, p99 = (self.percentile(each) for each in (50, 95, 99))
        note = (
            f"p50 {p50:.1f}, p95 {p95:.1f} ms; {self.sample}; "
            f"{self.tally.errors} errors, {self.tally.unavailable} x 503"
        )
        return Row(f"window {number} of {WINDOWS}, p99", p99, "ms", note)


def times(windows: Sequence[Window]) -> Iterator[Row]:
    """Compare the last third with the first, by the medians of their windows."""
    for percent in (50, 95, 99):
        of_each = [window.percentile(percent) for window in windows]
        first, last = (
            statistics.median(some) for some in (of_each[:_THIRD], of_each[-_THIRD:])
        )
        what = f"p{percent}, last third to the first"
        yield _ratio(what, first, last, "ms", most=_MOST_SLOWER)


def growth(windows: Sequence[Window]) -> Iterator[Row]:
    """Compare the end with the end of the first tenth, in which memory was filled."""
    held: dict[str, tuple[Callable[[Sample], float], str]] = {
        "memory of the web process": (lambda sample: sample.web, "MiB"),
        "memory of the worker": (lambda sample: sample.worker, "MiB"),
        "connections to PostgreSQL": (lambda sample: sample.backends, ""),
        "their own memory": (lambda sample: sample.backends_memory, "MiB"),
        "open files of the web process": (lambda sample: sample.files, ""),
    }
    for what, (of, unit) in held.items():
        first, last = of(windows[0].sample), of(windows[-1].sample)
        yield _ratio(f"{what}, end to beginning", first, last, unit, most=_MOST_GROWTH)
    unsent = [window.sample.unsent for window in windows]
    note = f"{unsent[0]} at the beginning, {max(unsent)} at most; wanted: no backlog"
    yield Row("messages that wait at the end", unsent[-1], "", note)


def kinds(windows: Sequence[Window]) -> Iterator[Row]:
    """Tell how long each kind of request took over the whole run."""
    found: dict[str, list[float]] = defaultdict(list)
    for window in windows:
        for kind, some in window.tally.times.items():
            found[kind] += some
    for kind, all_times in found.items():
        p50, p95, p99 = (percentile(sorted(all_times), each) for each in (50, 95, 99))
        note = f"p50 {p50:.1f}, p95 {p95:.1f} ms, n = {len(all_times)}"
        yield Row(f"  {kind}, p99", p99, "ms", note)


def errors(windows: Sequence[Window], *, unanswered: int) -> Iterator[Row]:
    """Tell what nobody should have seen.

    Args:
        unanswered: requests without an answer half a minute after the end.
    """
    statuses = sum((window.tally.statuses for window in windows), Counter[int]())
    said = ", ".join(f"{n} x {status}" for status, n in sorted(statuses.items()))
    surprises = [each for window in windows for each in window.tally.surprises]
    note = "; ".join((f"wanted: 0; {said}", *surprises[:3]))
    failed = sum(window.tally.errors for window in windows) + unanswered
    yield Row("errors", failed, "", note)
    unavailable = sum(window.tally.unavailable for window in windows)
    yield Row("told to come again (503)", unavailable, "", "wanted: 0")


def _ratio(what: str, first: float, last: float, unit: str, *, most: float) -> Row:
    value = last / first if first else float("nan")
    verdict = "flat" if value <= most else "NOT FLAT"
    note = f"{verdict}: {first:.1f} to {last:.1f} {unit}".rstrip()
    return Row(what, value, "x", f"{note}; at most {most:g}", must=most)
