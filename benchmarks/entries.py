"""What is compared in most benchmarks: our servers, and the rival in its two forms."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks import rival
from benchmarks.web import Serving, our_web

DAPHNE, UVICORN, TWO_UVICORNS = "daphne", "uvicorn", "2 x uvicorn"
RIVAL, RIVAL_PG = "rival", "rival on pg"
OURS = {DAPHNE: ("daphne", 1), UVICORN: ("uvicorn", 1), TWO_UVICORNS: ("uvicorn", 2)}
RIVALS = {RIVAL: False, RIVAL_PG: True}


@contextmanager
def serving(*names: str) -> Iterator[dict[str, Serving]]:
    """Start those named, the rival's if it is there; all of them run at the same time."""
    with ExitStack() as stack:
        started = {}
        for name in names:
            if name in OURS:
                started[name] = stack.enter_context(our_web(*OURS[name]))
            elif rival.is_there():
                started[name] = stack.enter_context(rival.rival(plain_pg=RIVALS[name]))
        yield started


def ordered(names: list[str], number: int) -> list[str]:
    """Every other round runs backwards: what comes first has no advantage."""
    return names[::-1] if number % 2 else names
