"""`python -m benchmarks [NAME …]`: run benchmarks, show tables, write JSON."""

import importlib
import logging
import os
import subprocess
import sys
from pathlib import Path

import django

from benchmarks.rows import Row, show, write
from benchmarks.servers import own_servers

NAMES = (
    *("bookings", "hot", "lists", "live", "worker", "weight", "soak", "clinics"),
    "growth",
)
_KEPT_IN = Path(__file__).resolve().parent.parent / "var" / "bench"


def main(names: list[str]) -> None:
    """Run those named, or all, each in a process and with servers of its own."""
    if unknown := set(names) - set(NAMES):
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are: {NAMES}")
    if len(names) == 1:
        _measure(names[0])
        return
    for name in names or NAMES:
        own = [sys.executable, "-m", "benchmarks", name]
        subprocess.run(own, check=True)  # noqa: S603 (ourselves)


def _measure(name: str) -> None:
    with own_servers():
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        logging.disable(logging.INFO)
        _run(name)


def _run(name: str) -> None:
    sys.stdout.write(f"{name}\n")
    rows: list[Row] = []
    for row in importlib.import_module(f"benchmarks.{name}").measure():
        show(row)
        rows.append(row)
    write(_KEPT_IN / f"{name}.json", rows)


if __name__ == "__main__":
    main(sys.argv[1:])
