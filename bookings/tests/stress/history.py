"""Was each time had by one at a time? Judges what clients saw, without the program.

Many clients ask for the same slot at once. Each notes when it asked, when it was
answered, and what the answer was. Those notes are *linearizable* if every request can be
given one moment between its two, so that all of them, done one after the other in the
order of these moments, would have been answered just so by the simplest calendar there
is: a slot is free, or it is somebody's.

The search is Wing & Gong's ("Testing and verifying concurrent objects", 1993) with
Lowe's memory of what was tried before (2017). It is pure: it knows nothing of Django.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

FREE = ""  # the state of a slot that nobody has; any other state is who has it
FOREVER = 2**63  # the end of a request that nobody knows to have ended


class Kind(StrEnum):
    """What an answer says about one slot."""

    TAKE = "take"  # it was free, and became theirs
    PUT = "put"  # the same, or it was theirs already: a visit moved to where it is
    LEAVE = "leave"  # if it was theirs, it is free now; else nothing
    SEEN_TAKEN = "seen taken"  # somebody else had it
    SEEN_FREE = "seen free"
    SEEN = "seen"  # `who` had it; nobody, if that is empty


_LOOKS = {Kind.SEEN_TAKEN, Kind.SEEN_FREE, Kind.SEEN}
_ARRIVALS = {Kind.TAKE, Kind.PUT}


@dataclass(frozen=True)
class Step:
    """One request, as far as one slot is concerned.

    Args:
        is_certain: False if the answer was lost: it may have been done, at any moment
            from `began` on, or never.
        told_by: for people who read a verdict.
    """

    kind: Kind
    began: int
    ended: int = FOREVER
    who: str = FREE
    is_certain: bool = True
    told_by: str = ""

    def after(self, state: str) -> str | None:
        """Return the slot's state after this step; None if it cannot happen in `state`."""
        match self.kind:
            case Kind.TAKE:
                return self.who if state == FREE else None
            case Kind.PUT:
                return self.who if state in (FREE, self.who) else None
            case Kind.LEAVE:
                return FREE if state == self.who else state
            case Kind.SEEN_TAKEN:
                return state if state not in (FREE, self.who) else None
            case Kind.SEEN_FREE:
                return state if state == FREE else None
            case Kind.SEEN:
                return state if state == self.who else None

    def __str__(self) -> str:
        sure = "" if self.is_certain else ", unknown"
        ended = "…" if self.ended == FOREVER else f"{self.ended / 1e6:.1f}"
        window = f"[{self.began / 1e6:.1f}, {ended}] ms"
        return f"{self.kind} {self.who or '-'} {window}{sure} ({self.told_by})"


@dataclass(frozen=True)
class Impossible:
    """The verdict on a history that no order explains: how far the best one came."""

    state: str
    explained: int
    stuck: tuple[Step, ...]

    def __str__(self) -> str:
        steps = "\n    ".join(str(step) for step in self.stuck)
        has = f"{self.state} has it" if self.state else "it is free"
        return (
            f"{self.explained} steps are in order, then {has}, and none of these can "
            f"be next:\n    {steps}"
        )


class TooManyOrdersError(Exception):
    """More orders than we are ready to try: make the histories shorter."""


def judge(steps: Iterable[Step], *, limit: int = 400_000) -> Impossible | None:
    """Look for an order that explains all steps; None if there is one.

    Args:
        limit: how many situations to look at before giving up.

    Raises:
        TooManyOrdersError: there were more.
    """
    search = _Search(sorted(steps, key=lambda step: step.began))
    tried: set[_Situation] = set()
    open_: list[_Situation] = [(0, FREE)]
    best: _Situation = (0, FREE)
    while open_:
        situation = search.with_looks(open_.pop())
        if situation in tried:
            continue
        if search.is_explained(situation):
            return None
        if len(tried) >= limit:
            raise TooManyOrdersError
        tried.add(situation)
        if situation[0].bit_count() > best[0].bit_count():
            best = situation
        open_ += search.following(situation)
    done, state = best
    return Impossible(state, done.bit_count(), tuple(search.waiting(best)))


# Which steps are done (one bit for each), and who has the slot after them.
_Situation = tuple[int, str]


class _Search:
    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps
        self.certain = sum(1 << n for n, step in enumerate(steps) if step.is_certain)
        self.uncertain = [n for n, step in enumerate(steps) if not step.is_certain]
        self.arrivals: dict[str, list[int]] = defaultdict(list)
        for n, step in enumerate(steps):
            if step.kind in _ARRIVALS:
                self.arrivals[step.who].append(n)

    def is_explained(self, situation: _Situation) -> bool:
        """Whether nothing is left that surely happened."""
        return situation[0] & self.certain == self.certain

    def with_looks(self, situation: _Situation) -> _Situation:
        """Do at once all that is true now and changes nothing: it never does harm."""
        done, state = situation
        while True:
            before = done
            for n in self._next_of(done):
                if self._is_idle(n, done, state):
                    done |= 1 << n
            if done == before:
                return done, state

    def following(self, situation: _Situation) -> Iterator[_Situation]:
        """Yield what may be next, the likeliest last: it is tried first."""
        done, state = situation
        for n in reversed(self._next_of(done)):
            after = self.steps[n].after(state)
            if after is not None and self.steps[n].kind not in _LOOKS:
                yield done | 1 << n, after

    def waiting(self, situation: _Situation) -> Iterator[Step]:
        """Yield what would have to be next, and cannot."""
        for n in self._next_of(situation[0]):
            if self.steps[n].is_certain:
                yield self.steps[n]

    def _is_idle(self, n: int, done: int, state: str) -> bool:
        """Whether a step may be done in this state, and changes nothing ever."""
        step = self.steps[n]
        if step.kind in _LOOKS:
            return step.after(state) is not None
        if step.kind is not Kind.LEAVE or step.who == state:
            return False
        # They are not here; nor will they come before this step has ended.
        return not any(
            not done >> m & 1 and self.steps[m].began <= step.ended
            for m in self.arrivals[step.who]
        )

    def _next_of(self, done: int) -> list[int]:
        """Return the steps that began before any other that is left has ended."""
        found, earliest_end = [], FOREVER
        first = (~done & (done + 1)).bit_length() - 1  # the lowest that is not done
        for n in range(first, len(self.steps)):
            step = self.steps[n]
            if step.began > earliest_end:
                break
            if not done >> n & 1 and step.is_certain:
                found.append(n)
                earliest_end = min(earliest_end, step.ended)
        found += [
            n
            for n in self.uncertain
            if not done >> n & 1 and self.steps[n].began <= earliest_end
        ]
        return found
