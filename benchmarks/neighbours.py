"""Whether a booking costs more because the platform has more clinics."""

import os
from collections.abc import Iterator

from benchmarks import load, past
from benchmarks.asking import BOOK
from benchmarks.costs import Cost, compared, cost_of, shown
from benchmarks.entries import UVICORN, ordered, serving
from benchmarks.filled import Filled, filled
from benchmarks.rows import Row
from benchmarks.web import Serving

ROUNDS = int(os.environ.get("ROUNDS", "5"))
_MUST = 1.3
_SOME = 20
_CROWD, _LONE = 32, 1  # clients
_MOST = {_CROWD: 7000, _LONE: 2000}  # orders of a burst: more than can be sent
_HOW = {_CROWD: "32 at once", _LONE: "one by one"}
_ONE, _TWENTY = "one clinic, no others", "20 clinics, no others"
_ONE_OF, _TWENTY_OF, _ALL = "one of them all", "20 of them all", "all of them"

Places = dict[str, list[Filled]]
Costs = dict[tuple[str, int], list[Cost]]  # by place and number of clients


def measure(one: Filled, number: int) -> Iterator[Row]:
    """Book in one clinic, then over 20, then in the same and over all of them.

    What is measured before the others exist cannot be measured in turns with what is
    after; all three after it are.

    Args:
        one: the only one yet.
        number: how many there are to be, 21 at least.
    """
    found = _rounds({_ONE: [one]})
    some = [_small() for _ in range(_SOME)]
    found |= _rounds({_TWENTY: some})
    for clinic in some:
        clinic.free()
    all_ = [*some, *(_small() for _ in range(number - 1 - _SOME))]
    found |= _rounds({_ONE_OF: [one], _TWENTY_OF: some, _ALL: all_})
    yield Row("clinics", len(all_) + 1, "")
    for (place, clients), costs in found.items():
        yield shown(f"bookings {_HOW[clients]}, {place}", costs)
    yield from _ratios(found)
    failed = sum(cost.burst.errors for costs in found.values() for cost in costs)
    yield Row("requests that failed", failed, "", "wanted: 0")
    one.free()


def _ratios(found: Costs) -> Iterator[Row]:
    """Where a crowd is spread thin fewer share a turn: only one by one is like for like."""
    for clients, how in _HOW.items():
        for large, small, must in (
            (_ONE_OF, _ONE, _MUST),
            (_TWENTY_OF, _TWENTY, _MUST),
            (_ALL, _TWENTY_OF, None if clients == _CROWD else _MUST),
            (_ALL, _ONE_OF, None if clients == _CROWD else _MUST),
        ):
            what = f"{how}: {large} to {small}"
            yield compared(
                what, found[large, clients], found[small, clients], must=must
            )


def _small() -> Filled:
    return past.opened(filled(doctors=2, days=28, patients=40), past.WEEK)


def _rounds(places: Places) -> Costs:
    found: Costs = {}
    with serving(UVICORN) as servers:
        server = servers[UVICORN]
        for clinics in places.values():
            _warm_up(server, clinics)
        for number in range(ROUNDS):
            for clients in _HOW:
                for place in ordered(list(places), number):
                    cost = _cost(server, places[place], clients)
                    found.setdefault((place, clients), []).append(cost)
    return found


def _warm_up(server: Serving, clinics: list[Filled]) -> None:
    """Let each connection meet each clinic, and plan what it asks there."""
    seconds = 2 + len(clinics) // 25
    _burst(server, clinics, _CROWD, seconds=seconds)


def _cost(server: Serving, clinics: list[Filled], clients: int) -> Cost:
    """Go on where the last burst may have ended.

    Clinics are made free when they must be: that drops all plans, which are made again
    before anything is measured.
    """
    if not clinics[0].has_free(_each(clinics, clients)):
        for clinic in clinics:
            clinic.free()
        _warm_up(server, clinics)
    return _burst(server, clinics, clients)


def _burst(
    server: Serving, clinics: list[Filled], clients: int, *, seconds: int = 2
) -> Cost:
    own = [clinic.next_orders(_each(clinics, clients)) for clinic in clinics]
    orders = [order for turn in zip(*own, strict=True) for order in turn]
    plan = load.posts(BOOK, orders)
    return cost_of(server, plan, seconds=seconds, clients=clients)


def _each(clinics: list[Filled], clients: int) -> int:
    return _MOST[clients] // len(clinics) + 1
