"""Keeps child processes running: what `manage.py up` and `services` have in common.

    with Supervisor() as supervisor:
        supervisor.add(Child("web", spawn_web))
        supervisor.wait_for(is_ready, seconds=60)
        supervisor.supervise()  # until SIGINT, SIGTERM or SIGHUP; then all are stopped

A child that dies is started again: the first time at once, then after pauses that
grow, until it has stayed up for a while.
"""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

logger = logging.getLogger(__name__)

_TICK = 0.1  # seconds between two looks at the children
_LONGEST_PAUSE = 30.0  # seconds
_STEADY = 60.0  # seconds up, after which a death counts as the first again
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DEATHS_AT_START = 3  # as many in a row while we wait for readiness, and we give up


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """A signal asked us to stop while we waited for something else."""


class StartError(Exception):
    """A child does not come up; the message is one line for the user's eyes."""


@dataclass
class Child:
    """One process to keep running.

    Of several stages the highest is stopped first, the children of one stage together.
    A child gets `stop_signal`, and SIGKILL when it is still there after `grace` seconds.
    """

    name: str
    spawn: Callable[[], "subprocess.Popen[bytes]"]
    stop_signal: signal.Signals = signal.SIGTERM
    stage: int = 1
    grace: float = 10.0
    log: Path | None = None  # where its own words are, if not on our output
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    deaths: int = field(default=0, init=False)
    _started: float = field(default=0.0, init=False)
    _start_at: float = field(default=0.0, init=False)

    @property
    def words(self) -> str:
        """Where to read what it said."""
        return str(self.log) if self.log else "above"

    def start(self) -> None:
        """Start it. What goes wrong in that counts as a death."""
        self._started = time.monotonic()
        try:
            self.process = self.spawn()
        except Exception as error:
            self._count_death(f"did not start: {error}")

    def tend(self) -> None:
        """Notice its death; start it again when its pause is over."""
        if self.process and self.process.poll() is not None:
            reason = _how_it_ended(self.process)
            self.process = None
            self._count_death(reason)
        if self.process is None and time.monotonic() >= self._start_at:
            self.start()

    def _count_death(self, reason: str) -> None:
        now = time.monotonic()
        self.deaths = 1 if now - self._started > _STEADY else self.deaths + 1
        pause = min(_LONGEST_PAUSE, 0.25 * (2 ** (self.deaths - 1) - 1))
        self._start_at = now + pause
        logger.warning("%s %s; starting it again in %.1f s", self.name, reason, pause)

    def ask_to_stop(self) -> None:
        """Send it its stop signal, if it runs."""
        if self.process:
            self.process.send_signal(self.stop_signal)

    def see_off(self, deadline: float) -> None:
        """Wait for its end; kill it and what it started at `deadline` (monotonic)."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger.warning("%s did not stop; killing it", self.name)
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


class Supervisor:
    """Owns children and the signals that end them. Use it as a context manager."""

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._stop_asked = False
        self._make = _MakeAbove.find()

    def __enter__(self) -> Self:
        for number in _STOP_SIGNALS:
            signal.signal(number, self._note_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self.stop_all()
        return kind is Stopped

    def add(self, child: Child) -> None:
        """Start a child and keep it running from now on."""
        self._children.append(child)
        child.start()

    def wait_for(self, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Tend the children until `is_ready`. Raises Stopped, StartError."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            self._tick(_TICK / 5)
            for child in self._children:
                if child.deaths >= _DEATHS_AT_START:
                    raise StartError(f"{child.name} does not start, see {child.words}.")
            if time.monotonic() > deadline:
                raise StartError(f"Not ready after {seconds:.0f} s.")

    def run(self, name: str, work: Callable[[], None]) -> None:
        """Do `work` in a fork of this process, to its end. Raises Stopped, StartError.

        A fork has all modules loaded already. Call it before anything opens a
        connection or starts a thread.
        """
        process = get_context("fork").Process(target=_on_its_own, args=(work,))
        process.start()
        try:
            while process.exitcode is None:
                self._tick(_TICK / 5)
        finally:
            process.terminate()
            process.join()
        if process.exitcode:
            raise StartError(f"{name} failed, see above.")

    def supervise(self) -> None:
        """Keep the children running until we are told to stop. Raises Stopped."""
        while True:
            self._tick(_TICK)

    def stop_all(self) -> None:
        """Stop every child, stage by stage; further signals change nothing."""
        for stage in sorted({child.stage for child in self._children}, reverse=True):
            leaving = [child for child in self._children if child.stage == stage]
            for child in leaving:
                child.ask_to_stop()
            asked = time.monotonic()
            for child in leaving:
                child.see_off(asked + child.grace)
        self._children.clear()

    def _tick(self, pause: float) -> None:
        time.sleep(pause)
        if self._stop_asked or (self._make and self._make.has_let_go()):
            raise Stopped
        for child in self._children:
            child.tend()

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop_asked = True


@dataclass(frozen=True)
class _MakeAbove:
    """The `make` that started us.

    It passes SIGTERM on to us, but a SIGINT sent to it alone makes it wait for our end
    without a word. What it does do then is to drop its own handler for SIGINT, which
    can be seen (Linux).
    """

    pid: int
    status: Path

    @classmethod
    def find(cls) -> "_MakeAbove | None":
        pid = os.getppid()
        status = Path(f"/proc/{pid}/status")
        if "MAKELEVEL" not in os.environ or not status.exists():
            return None
        make = cls(pid, status)
        is_make = status.read_text().split(maxsplit=2)[1] in ("make", "gmake")
        return make if is_make and make._catches_interrupt() else None

    def has_let_go(self) -> bool:
        return os.getppid() != self.pid or not self._catches_interrupt()

    def _catches_interrupt(self) -> bool:
        for line in self.status.read_text().splitlines():
            if line.startswith("SigCgt:"):
                caught = int(line.split()[1], 16)
                return bool(caught & 1 << (signal.SIGINT - 1))
        return False


def _on_its_own(work: Callable[[], None]) -> None:
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    work()


def _how_it_ended(process: "subprocess.Popen[bytes]") -> str:
    code = process.returncode
    if code < 0:
        return f"(pid {process.pid}) was ended by {signal.Signals(-code).name}"
    return f"(pid {process.pid}) ended with exit code {code}"
