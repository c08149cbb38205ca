"""What a benchmark gives: rows, shown as a table and kept as JSON."""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One number, and what it means.

    `must` and `aim` are the targets of a ratio to the rival, where there are any. A ratio
    that had better be small has an aim below its must.
    """

    what: str
    value: float
    unit: str
    note: str = ""
    must: float | None = None
    aim: float | None = None


def milliseconds(work: Callable[[], object]) -> float:
    """Do it, and return how long that took."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def median(what: str, times: Sequence[float], note: str = "") -> Row:
    """Return the median of times in milliseconds, with their range."""
    spread = f"{min(times):.0f} to {max(times):.0f}, n = {len(times)}"
    return Row(
        what, statistics.median(times), "ms", "; ".join(filter(None, (note, spread)))
    )


def ratio(
    what: str,
    ours: Sequence[float],
    rivals: Sequence[float],
    *,
    must: float | None = None,
    aim: float | None = None,
) -> Row:
    """Return the median of the ratios of each round, with their range."""
    ratios = [mine / theirs for mine, theirs in zip(ours, rivals, strict=True)]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}, n = {len(ratios)}"
    targets = (("must", must), ("aim", aim))
    wanted = [f"{name} {value:g}" for name, value in targets if value is not None]
    note = "; ".join((spread, ", ".join(wanted))) if wanted else spread
    return Row(what, statistics.median(ratios), "x", note, must, aim)


def show(row: Row) -> None:
    """Print a row as soon as it is known."""
    value = f"{row.value:,.2f}" if row.value < 10 else f"{row.value:,.0f}"
    sys.stdout.write(f"  {row.what:<58} {value:>9} {row.unit:<4} {row.note}\n")
    sys.stdout.flush()


def write(path: Path, rows: Sequence[Row]) -> None:
    """Keep the rows, with what is needed to compare them later."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[1], 1),
        "python": platform.python_version(),
        "rows": [asdict(row) for row in rows],
    }
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
