"""The clinic's own process: calls the actions themselves, from several threads.

    python -m bookings.tests.stress.insiders <plan.json>

It is what the desk, the worker and commands do: book as staff, with any doctor, block
and unblock, change the hours and publish, while pages and programs book.
"""

import importlib
import json
import os
import random
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import django


@dataclass(frozen=True)
class Plan:
    """What the process is told."""

    world: str  # a file, as the next one
    notes: str
    seed: str
    until: int  # on the machine's monotonic clock, in nanoseconds
    desks: int = 2
    broken: str = ""  # a module that takes the product's safety out, see broken.py

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text()))


def main(plan: Plan) -> None:
    """Act in all threads until it is time."""
    # Only now: they need Django, which is not set up where this file is imported.
    from bookings.tests.stress.manager import Manager  # noqa: PLC0415
    from bookings.tests.stress.operations import Notebook  # noqa: PLC0415
    from bookings.tests.stress.receptionist import Receptionist  # noqa: PLC0415
    from bookings.tests.stress.world import World  # noqa: PLC0415

    if plan.broken:
        importlib.import_module(plan.broken)
    world, notes = World.load(Path(plan.world)), Notebook(Path(plan.notes))

    def dice(name: str) -> random.Random:
        return random.Random(f"{plan.seed}:{name}")

    manager = Manager("manager", world, dice("manager"), notes)
    names = [f"desk{n}" for n in range(plan.desks)]
    everybody = [manager, *(Receptionist(n, world, dice(n), notes) for n in names)]
    threads = [
        threading.Thread(target=each.act_until, args=(plan.until,))
        for each in everybody
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    manager.restore()
    notes.close()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    main(Plan.load(Path(sys.argv[1])))
