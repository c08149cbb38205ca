"""From what clients noted to one history per slot.

A visit may take several slots, and a request may touch two visits' worth of them; yet
whether slots are had by one at a time can be judged slot by slot. A visit's name in the
histories is its reference.

Nobody but the calendar knows where a visit was when it was moved or cancelled, since
others may have moved it a moment before. So a `leave` goes to every slot where the visit
may ever have been, and does nothing where it is not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bookings.tests.stress.history import FOREVER, FREE, Kind, Step
from bookings.tests.stress.operations import OK, REFUSED, UNKNOWN, Operation

Histories = dict[str, list[Step]]
_DEPARTURES = {"cancel", "move", "unplace"}
# What an answer says of each slot it is about, where it says anything of one slot.
_LOOKS = {
    "taken": Kind.SEEN_TAKEN,
    "slot_taken": Kind.SEEN_TAKEN,
    "free": Kind.SEEN_FREE,
}


def histories(
    operations: Sequence[Operation],
    *,
    found: Mapping[str, Sequence[str]],
    final: Mapping[str, str],
    at: int,
) -> Histories:
    """Project all operations on the slots, and end each history with what is there.

    Args:
        found: mark → references of what is in the database, whatever was answered.
        final: slot → the reference of who has it at the end, or nothing.
        at: when that was read.
    """
    told: Histories = {slot: [] for slot in final}
    for operation in operations:
        for slot, step in _arrivals(operation, found):
            told[slot].append(step)
        for slot, step in _looks(operation):
            told[slot].append(step)
    places = _places(told)
    for operation in operations:
        for slot, step in _departures(operation, places[operation.who]):
            told[slot].append(step)
    for slot, who in final.items():
        told[slot].append(Step(Kind.SEEN, at, at, who, told_by="the database"))
    return told


def unexplained_refusals(
    operations: Iterable[Operation], told: Histories
) -> list[Operation]:
    """Return refusals as taken of a run of slots none of which can have been taken.

    Which of the slots was meant is not said, so this cannot be judged slot by slot.
    """
    return [
        operation
        for operation in operations
        if operation.code == "slot_taken"
        and len(operation.slots) > 1
        and not any(_may_be_taken(told[slot], operation) for slot in operation.slots)
    ]


def _arrivals(
    operation: Operation, found: Mapping[str, Sequence[str]]
) -> Iterable[tuple[str, Step]]:
    if operation.kind == "book":
        return _bookings(operation, found)
    if operation.kind == "move":
        return _moves(operation)
    return []


def _bookings(
    operation: Operation, found: Mapping[str, Sequence[str]]
) -> Iterable[tuple[str, Step]]:
    for who, slots in operation.made.items():
        for slot in slots:
            yield slot, _step(Kind.TAKE, operation, who)
    if operation.outcome == UNKNOWN:
        for who in found.get(operation.mark, []):
            for slot in operation.slots:
                yield slot, _step(Kind.TAKE, operation, who, is_certain=False)


def _moves(operation: Operation) -> Iterable[tuple[str, Step]]:
    for slot in operation.slots:
        if operation.outcome == OK:
            yield slot, _step(Kind.PUT, operation, operation.who)
        if operation.was_lost:  # an attempt may be under way still
            yield slot, _step(Kind.PUT, operation, operation.who, is_certain=False)


def _departures(
    operation: Operation, places: Iterable[str]
) -> Iterable[tuple[str, Step]]:
    if operation.kind not in _DEPARTURES or operation.outcome == REFUSED:
        return
    for slot in places:
        if operation.kind == "move" and slot in operation.slots:
            continue
        if operation.outcome == OK:
            yield slot, _step(Kind.LEAVE, operation, operation.who)
        if operation.was_lost:
            yield slot, _step(Kind.LEAVE, operation, operation.who, is_certain=False)


def _looks(operation: Operation) -> Iterable[tuple[str, Step]]:
    """What was seen: by looking, by a refusal of one slot, by holding or blocking."""
    kind = _LOOKS.get(operation.code)
    if operation.kind in ("hold", "block") and operation.outcome == OK:
        kind = Kind.SEEN_FREE
    if kind is None or (kind is Kind.SEEN_TAKEN and len(operation.slots) > 1):
        return
    for slot in operation.slots:
        yield slot, _step(kind, operation, operation.who)


def _step(
    kind: Kind, operation: Operation, who: str, *, is_certain: bool = True
) -> Step:
    by = f"{operation.client}: {operation.path} {operation.mark}".strip()
    ended = operation.ended if is_certain else FOREVER
    return Step(kind, operation.began, ended, who, is_certain, told_by=by)


def _places(told: Histories) -> dict[str, list[str]]:
    """Where each visit may ever have been."""
    places: dict[str, list[str]] = defaultdict(list)
    for slot, steps in told.items():
        for who in {step.who for step in steps if _is_arrival(step)}:
            places[who].append(slot)
    return places


def _may_be_taken(steps: Sequence[Step], refused: Operation) -> bool:
    """Whether anybody may have had the slot at some moment of the request."""
    return any(
        not _has_surely_left(step, steps, refused.began)
        for step in steps
        if _is_arrival(step)
        and step.began <= refused.ended
        and step.who not in (FREE, refused.who)
    )


def _has_surely_left(arrival: Step, steps: Sequence[Step], by: int) -> bool:
    return any(
        step.kind is Kind.LEAVE
        and step.is_certain
        and step.who == arrival.who
        and step.began >= arrival.ended
        and step.ended < by
        for step in steps
    )


def _is_arrival(step: Step) -> bool:
    return step.kind in (Kind.TAKE, Kind.PUT)
