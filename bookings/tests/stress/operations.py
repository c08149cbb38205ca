"""What clients note of each thing they did: when, to which slots, and what came of it.

One line of JSON for each, so that several processes can write, a killed one leaves what
it had, and a person can read a failing run.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"
# Codes of answers: none came, we did not wait for it, 503.
LOST, GAVE_UP, UNAVAILABLE = "lost", "gave up", "unavailable"


@dataclass
class Answer:
    """One answer to one attempt, or that there was none."""

    at: int
    status: int = 0  # of HTTP; 0: none, or no HTTP
    code: str = ""
    retry_after: str = ""
    reference: str = ""
    door: str = ""  # who answered

    @property
    def leaves_open(self) -> bool:
        """Whether it does not say if anything was done."""
        return self.code in (LOST, GAVE_UP, UNAVAILABLE) or self.status >= 500


@dataclass
class Operation:
    """One thing that somebody wanted, with all attempts at it.

    Args:
        kind: book, move, cancel, unplace, hold, block, look; any other says nothing of
            slots.
        runs: the slots it would take: one run of them, or several of which any would do.
        mark: unique; stands in the booking itself (its reason), so that one whose answer
            was lost is found again.
        who: the reference of the visit that is moved or cancelled.
        made: what was booked: reference → slots.
        visits: how many visits it may make.
    """

    client: str
    path: str
    kind: str
    began: int
    runs: list[list[str]] = field(default_factory=list)
    mark: str = ""
    who: str = ""
    ended: int = 0
    outcome: str = UNKNOWN
    code: str = ""
    made: dict[str, list[str]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    visits: int = 1

    def done(self, made: dict[str, list[str]] | None = None) -> None:
        self.outcome, self.made = OK, made or {}

    def refuse(self, code: str) -> None:
        """Note a refusal; after a lost attempt it does not say that nothing was done."""
        self.outcome, self.code = (UNKNOWN if self.was_lost else REFUSED), code

    @property
    def was_lost(self) -> bool:
        """Whether an attempt may have been done, or be under way still."""
        return any(each.leaves_open for each in self.answers)

    @property
    def slots(self) -> set[str]:
        return {slot for run in self.runs for slot in run}

    @classmethod
    def from_line(cls, line: str) -> Self:
        facts = json.loads(line)
        facts["answers"] = [Answer(**each) for each in facts["answers"]]
        return cls(**facts)


class Notebook:
    """Where the clients of one process write. Safe for threads."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)
        self._lock = threading.Lock()

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def operation(
        self, client: str, path: str, kind: str, **facts: object
    ) -> Iterator[Operation]:
        """Note what happens in the block, whatever becomes of it."""
        began = time.monotonic_ns()
        new = Operation(client, path, kind, began, **facts)  # type: ignore[arg-type]
        try:
            yield new
        except Exception as error:
            new.code = f"crash: {error!r}"
            raise
        finally:
            new.ended = time.monotonic_ns()
            self.write(new)

    def write(self, operation: Operation) -> None:
        with self._lock:
            self._file.write(json.dumps(asdict(operation)) + "\n")


def read(*paths: Path) -> list[Operation]:
    """Read what was noted, in the order in which it began."""
    lines = [line for path in paths for line in path.read_text().splitlines()]
    return sorted((Operation.from_line(line) for line in lines), key=_beginning)


def _beginning(operation: Operation) -> int:
    return operation.began
