"""One run: a clinic, its processes, its clients, and what goes wrong; then the verdict."""

import logging
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bookings.tests.stress import arena, evidence, operations, world
from bookings.tests.stress.api_client import Board, Program
from bookings.tests.stress.arena import Arena
from bookings.tests.stress.browser import Browser
from bookings.tests.stress.doors import Doors
from bookings.tests.stress.evidence import Evidence
from bookings.tests.stress.insiders import Plan
from bookings.tests.stress.nemesis import Nemesis
from bookings.tests.stress.operations import Notebook
from bookings.tests.stress.world import World
from tenants.context import current_clinic

PROGRAMS, BROWSERS = 8, 4
PATIENCE, IMPATIENCE = 30.0, 4.0  # seconds until a client gives up
AFTERWARDS = 150  # seconds for what is under way at the end, and for the last mail


@dataclass(frozen=True)
class Settings:
    """How long, by which dice, against what."""

    seconds: float
    seed: str
    with_faults: bool = False
    application: str = "config.asgi:application"
    broken: str = ""

    @classmethod
    def from_environment(cls, *, seconds: float, **more: Any) -> "Settings":
        """STRESS_SECONDS and STRESS_SEED; the suite throws the same dice each time."""
        seed = os.environ.get("STRESS_SEED") or "7"
        return cls(float(os.environ.get("STRESS_SECONDS") or seconds), seed, **more)


def play(folder: Path, settings: Settings) -> Evidence:
    """Let all loose on one another, wait until it is quiet, and read what there is."""
    say(f"stress: seed {settings.seed}, {settings.seconds:g} s, notes in {folder}")
    for name in ("httpx", "mail.log"):  # a line for each request and message
        logging.getLogger(name).setLevel(logging.WARNING)
    small = world.build(current_clinic().slug)
    with arena.opened(folder, application=settings.application) as running:
        _warm_up(running, small)
        nemesis = Nemesis(running, settings.seed, settings.seconds)
        _load(folder, settings, small, running, nemesis)
        if settings.with_faults:  # a lost wake-up is found by the sweep at the start
            running.kill_worker()
            running.start_worker()
        _wait_until(evidence.is_told)
        noted = operations.read(*folder.glob("*.jsonl"))
        return evidence.read(noted, nemesis.faults, running.mailbox)


def say(text: str) -> None:
    """Tell whoever watches; pytest shows it with -s, and when the test fails."""
    sys.stdout.write(f"\n{text}\n")


def _warm_up(running: Arena, small: World) -> None:
    """Have each web process load what it loads only once."""
    headers = {"host": f"{small.clinic}.localhost"}
    pages = [f"/doctors/{small.hot[0].slug}/", "/api/v1/slots/", "/"]
    with httpx.Client(headers=headers, timeout=60) as client:
        for path in pages:
            for address in running.addresses:
                client.get(f"http://{address}{path}").raise_for_status()


def _load(
    folder: Path, settings: Settings, small: World, running: Arena, nemesis: Nemesis
) -> None:
    notes = Notebook(folder / "clients.jsonl")
    until = time.monotonic_ns() + int((settings.seconds + 2) * 1e9)
    inside = running.start_insiders(_plan(folder, settings, small, until))
    time.sleep(2)  # until they are ready
    clients = _clients(settings, small, running, notes)
    threads = [
        threading.Thread(target=client.act_until, args=(until,), daemon=True)
        for client in clients
    ]
    for thread in threads:
        thread.start()
    if settings.with_faults:
        nemesis.strike_until(until)
    deadline = until / 1e9 + AFTERWARDS
    for thread in threads:
        thread.join(deadline - time.monotonic())
        assert not thread.is_alive(), "a client does not end"
    assert inside.wait(deadline - time.monotonic()) == 0, "see insiders.log"
    for client in clients:
        client.doors.close()
    notes.close()


def _clients(
    settings: Settings, small: World, running: Arena, notes: Notebook
) -> list[Program | Browser]:
    board = Board()
    clients: list[Program | Browser] = []
    host = f"{small.clinic}.localhost"
    timeout = IMPATIENCE if settings.with_faults else PATIENCE
    for n in range(PROGRAMS + BROWSERS):
        name = f"api{n}" if n < PROGRAMS else f"page{n}"
        dice = random.Random(f"{settings.seed}:{name}")
        is_patient = not settings.with_faults
        doors = Doors(running.addresses, host, timeout, dice, is_patient)
        clients.append(
            Program(name, small, doors, notes, board)
            if n < PROGRAMS
            else Browser(name, small, doors, notes)
        )
    return clients


def _plan(folder: Path, settings: Settings, small: World, until: int) -> Path:
    path = folder / "plan.json"
    small.save(folder / "world.json")
    Plan(
        world=str(folder / "world.json"),
        notes=str(folder / "insiders.jsonl"),
        seed=settings.seed,
        until=until,
        broken=settings.broken,
    ).save(path)
    return path


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + AFTERWARDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.2)  # what is missing then is for the judgement to say


def summary(found: Evidence) -> str:
    """Numbers for people: operations by outcome and code, faults, mail."""
    outcomes = Counter(
        f"{each.kind} {each.outcome} {each.code}".strip() for each in found.operations
    )
    paths = Counter(f"by path: {each.path}" for each in found.operations)
    faults = Counter(f"fault: {fault.name}" for fault in found.faults)
    answers = Counter(
        f"answer: {answer.status or ''} {answer.code}"
        for each in found.operations
        for answer in each.answers
        if answer.leaves_open
    )
    lines = [
        f"{n:6} {what}"
        for counted in (outcomes, paths, faults, answers)
        for what, n in sorted(counted.items())
    ]
    lines += [
        f"{len(found.operations):6} operations, {len(found.visits)} visits, "
        f"{len(found.active)} active at the end, {len(found.mails)} mails "
        f"({len(found.mails) - len(set(found.mails))} of them again), "
        f"{found.deadlocks} deadlocks inside the database"
    ]
    return "\n".join(lines)
