"""Our commands as processes of their own, for tests that kill and restart them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]


@dataclass
class Running:
    """A command under way, with a VAR_DIR of its own and all its output in a file."""

    process: "subprocess.Popen[bytes]"
    var_dir: Path
    output_file: Path

    @property
    def output(self) -> str:
        return self.output_file.read_text()

    def wait_for_output(self, text: str, seconds: float = 60) -> float:
        """Wait until it has printed this; return the seconds that took."""
        return self.wait_until(lambda: text in self.output, seconds)

    def wait_until(self, is_so: Callable[[], bool], seconds: float = 30) -> float:
        started = time.monotonic()
        while not is_so():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < started + seconds, self.output
            time.sleep(0.02)
        return time.monotonic() - started

    def child(self, *words: str) -> int | None:
        """Return the pid of our direct child whose command line has these words."""
        for pid in _pids():
            command = _command_line(pid)
            if _parent(pid) == self.process.pid and all(w in command for w in words):
                return pid
        return None

    def kill_child(self, *words: str) -> None:
        """SIGKILL that child and wait until it has a successor."""
        victim = self.child(*words)
        assert victim, f"no child {words}"
        os.kill(victim, signal.SIGKILL)
        self.wait_until(lambda: self.child(*words) not in (None, victim))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def processes(self) -> list[str]:
        """Return which processes work in our folder."""
        folder = str(self.var_dir)
        return [f"{p} {_command_line(p)}" for p in _pids() if _works_in(p, folder)]

    def traces(self) -> list[str]:
        """Return what an ended command should not have left."""
        files = [*self.var_dir.glob("*.lock"), *self.var_dir.glob("run/*")]
        return self.processes() + [str(file) for file in files]


@contextmanager
def running(
    argv: Sequence[str], var_dir: Path, **environment: str
) -> Iterator[Running]:
    """Run a command in the checkout without our suite's servers; end it at the end."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    env |= {"DATABASE_URL": "", "REDIS_URL": "", "VAR_DIR": str(var_dir)}
    env |= {"PYTHONUNBUFFERED": "1", **environment}
    output_file = var_dir.with_suffix(".output")
    with output_file.open("wb") as output:
        process = subprocess.Popen(
            argv,
            cwd=BASE_DIR,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=_listen_to_interrupts,
        )
    try:
        yield Running(process, var_dir, output_file)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def _listen_to_interrupts() -> None:
    """A suite that a shell runs in the background has inherited deafness to SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


@contextmanager
def temporary_var_dir() -> Iterator[Path]:
    """Give a folder that other accounts may enter, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="slotwell-var-"))
    folder.chmod(0o711)
    try:
        yield folder / "var"
    finally:
        shutil.rmtree(folder)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _command_line(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode(errors="replace")


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rsplit(")", 1)[1].split()[1])


def _works_in(pid: int, folder: str) -> bool:
    try:
        cwd = str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        cwd = ""
    return cwd.startswith(folder) or folder in _command_line(pid)
