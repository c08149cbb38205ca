"""What goes wrong during a run, and when: a timetable from a seed of its own."""

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from bookings import locking
from bookings.tests.stress.arena import Arena

PAUSE = locking.LOCK_SECONDS + 2  # a paused process' Redis lock runs out meanwhile
QUIET = 2.0  # seconds at the start without faults


@dataclass(frozen=True)
class Fault:
    """One that was done; times on the machine's monotonic clock, in nanoseconds."""

    name: str
    began: int
    ended: int
    may_refuse: (
        bool  # whether callers may be answered 503, or not at all, because of it
    )


class Nemesis:
    """Does the faults. Call `strike_until` from the main thread: it starts processes."""

    def __init__(self, arena: Arena, seed: str, seconds: float) -> None:
        self.arena = arena
        self.dice = random.Random(f"{seed}:nemesis")
        self.faults: list[Fault] = []
        self._paused: tuple[int, int] | None = None  # which web process, since when
        # One line adds a fault.
        self.kinds: dict[str, Callable[[], None]] = {
            "kill worker between send and mark": self.kill_worker,
            "restart valkey": self.restart_valkey,
            "terminate backends": self.terminate_backends,
            "kill web process": self.kill_web,
            "pause web process": self.pause_web,
        }
        self.timetable = self._timetable(seconds)

    def strike_until(self, until: int) -> None:
        """Do all that is on the timetable, then end what lasts."""
        began = time.monotonic()
        for at, name in self.timetable:
            self._sleep_until(began + at)
            if time.monotonic_ns() > until:
                break
            self.kinds[name]()
        self._sleep_until(until / 1e9)
        self._resume()

    def _timetable(self, seconds: float) -> list[tuple[float, str]]:
        """Every kind in each round, in an order by chance; the worker's only at first.

        A message that was cut off is sent again after its lease: the earlier that was,
        the less there is to wait for at the end.
        """
        found, at, kinds = [], QUIET, list(self.kinds)
        while at < seconds - QUIET:
            self.dice.shuffle(kinds)
            for name in kinds:
                if name == "kill worker between send and mark" and at > seconds / 3:
                    continue
                if name == "pause web process" and at > seconds - PAUSE:
                    continue
                found.append((at, name))
                at += self.dice.uniform(3, 5)
        return [(when, name) for when, name in found if when < seconds - QUIET]

    # The faults -------------------------------------------------------------------------

    def restart_valkey(self) -> None:
        began = time.monotonic_ns()
        self.arena.kill_valkey()
        time.sleep(self.dice.uniform(0.2, 2.0))
        self.arena.start_valkey()
        self._note("restart valkey", began, may_refuse=False)

    def terminate_backends(self) -> None:
        """End some of the test database's connections, whatever they are doing."""
        began = time.monotonic_ns()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() ORDER BY pid"
            )
            pids = [pid for (pid,) in cursor.fetchall()]
            chosen = self.dice.sample(pids, min(len(pids), self.dice.randint(2, 6)))
            cursor.execute("SELECT pg_terminate_backend(p) FROM unnest(%s) p", [chosen])
        self._note("terminate backends", began)

    def kill_web(self) -> None:
        began = time.monotonic_ns()
        number = self._running_web()
        self.arena.kill_web(number)
        time.sleep(self.dice.uniform(0, 0.5))
        self.arena.start_web_again(number)
        self._note("kill web process", began)

    def pause_web(self) -> None:
        """Stop a process for longer than its Redis locks last; it goes on afterwards."""
        if self._paused:
            return
        number = self.dice.randrange(len(self.arena.webs))
        self._paused = (number, time.monotonic_ns())
        self.arena.webs[number].process.send_signal(signal.SIGSTOP)

    def kill_worker(self) -> None:
        """Kill it when a mail server has taken a message and not yet said so."""
        began = time.monotonic_ns()
        mailbox = self.arena.mailbox
        mailbox.is_prompt.clear()
        had, deadline = len(mailbox.messages), time.monotonic() + 5
        while len(mailbox.messages) == had and time.monotonic() < deadline:
            time.sleep(0.01)
        self.arena.kill_worker()
        mailbox.is_prompt.set()
        self.arena.start_worker()
        self._note("kill worker between send and mark", began, may_refuse=False)

    def _resume(self) -> None:
        if self._paused:
            number, since = self._paused
            self.arena.webs[number].process.send_signal(signal.SIGCONT)
            self._paused = None
            self._note("pause web process", since)

    def _sleep_until(self, moment: float) -> None:
        """Sleep; wake a paused process on the way when it has been paused long enough."""
        while (left := moment - time.monotonic()) > 0:
            self._resume_if_due()
            time.sleep(min(left, 0.1))
        self._resume_if_due()

    def _resume_if_due(self) -> None:
        if self._paused and time.monotonic_ns() - self._paused[1] > PAUSE * 1e9:
            self._resume()

    def _running_web(self) -> int:
        """One that is not paused, if there is one."""
        paused = self._paused[0] if self._paused else -1
        running = [n for n in range(len(self.arena.webs)) if n != paused]
        return self.dice.choice(running or [paused])

    def _note(self, name: str, began: int, *, may_refuse: bool = True) -> None:
        self.faults.append(Fault(name, began, time.monotonic_ns(), may_refuse))
