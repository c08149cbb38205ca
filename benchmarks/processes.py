"""What processes used, as the kernel counts it (Linux)."""

import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_LISTENS = "0A"


def cpu_seconds(pids: Iterable[int]) -> float:
    """Of all threads, in user and kernel mode, since they began."""
    return sum(map(_cpu_seconds, pids))


def _cpu_seconds(pid: int) -> float:
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _fields(pid: int) -> list[str]:
    """What `stat` says, from the state on: the name before it may have blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def family_cpu_seconds(parent: int) -> float:
    """Of a process, its children, and those of its children that have ended.

    Each child is one thread, as PostgreSQL's are. Finer than by ticks, which are too
    coarse where a dozen processes share what a hundred requests cost.
    """
    ended = _fields(parent)[13:15]
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    running = sum(_ran(pid) for pid in (str(parent), *children))
    return running + sum(map(int, ended)) / _TICKS


def _ran(pid: str) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:  # it ended just now: its parent counts it next time
        return 0.0


def parent_of(pid: int) -> int:
    return int(_fields(pid)[1])


def memory_mib(pids: Iterable[int]) -> tuple[float, float]:
    """Return RSS and PSS: all that is there, and our share of what is shared."""
    rss = pss = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            rss += int(line.split()[1]) if line.startswith("Rss:") else 0
            pss += int(line.split()[1]) if line.startswith("Pss:") else 0
    return rss / 1024, pss / 1024


def private_mib(pids: Iterable[int]) -> float:
    """Return the memory that each has for itself; what has ended meanwhile has none.

    Needs their account, or root: else it is not a number.
    """
    try:
        return sum(map(_private_kib, pids)) / 1024
    except PermissionError:
        return float("nan")


def _private_kib(pid: int) -> int:
    """Without what is mapped to be shared, such as PostgreSQL's buffers.

    The kernel calls a page of it private while only one process has touched it.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    total, is_own = 0, False
    for line in lines:
        name, *words = line.split()
        if not name.endswith(":"):  # a mapping begins: addresses, then permissions
            is_own = words[0].endswith("p")
        elif is_own and name.startswith("Private"):
            total += int(words[0])
    return total


def open_files(pids: Iterable[int]) -> int:
    """Return how many descriptors they have open: files, sockets and pipes."""
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


def wait_for_listeners(port: int, count: int, seconds: float = 60) -> None:
    """Wait until so many sockets take connections on a port.

    Raises:
        TimeoutError: they did not in time.
    """
    deadline = time.monotonic() + seconds
    while _listeners(port) < count:
        if time.monotonic() > deadline:
            message = f"Nobody listens on port {port}."
            raise TimeoutError(message)
        time.sleep(0.05)


def _listeners(port: int) -> int:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = (line.split() for line in lines)
    return sum(row[1].endswith(f":{port:04X}") and row[3] == _LISTENS for row in rows)


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
