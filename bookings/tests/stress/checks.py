"""The judgements on a run. Each returns what is wrong, in sentences; nothing if all is well."""

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from bookings.tests.stress import projection
from bookings.tests.stress.evidence import ACTIVE, Evidence, Row
from bookings.tests.stress.history import judge
from bookings.tests.stress.operations import GAVE_UP, OK, UNKNOWN, Operation

GRACE = 10_000_000_000  # a fault's effects last: dead connections wait in pools


def all_of(evidence: Evidence) -> dict[str, list[str]]:
    """Judge everything; returns what is wrong by the name of the judgement."""
    verdicts = {check.__name__: check(evidence) for check in CHECKS}
    return {name: wrong for name, wrong in verdicts.items() if wrong}


def nobody_overlaps(evidence: Evidence) -> list[str]:
    """No doctor's occupied ranges meet, buffers included; nor does a patient's time."""
    wrong = []
    for whose, start, end in (
        ("doctor_id", _occupied_from, _occupied_to),
        ("patient_id", _start, _end),
    ):
        by_whom = defaultdict(list)
        for visit in evidence.active:
            by_whom[visit[whose]].append(visit)
        for visits in by_whom.values():
            visits.sort(key=start)
            wrong += [
                f"{one['reference']} and {other['reference']} overlap for a {whose}"
                for one, other in pairwise(visits)
                if start(other) < end(one)
            ]
    return wrong


def each_visit_has_its_slots(evidence: Evidence) -> list[str]:
    """All slots of its time, and no other; a cancelled one none."""
    wrong = []
    active = {visit["id"]: visit for visit in evidence.active}
    for slot in evidence.slots:
        has = slot["appointment_id"]
        if has and not (has in active and _covers(active[has], slot)):
            wrong.append(f"slot {slot['id']} belongs to {has}, which is not there")
        wrong += [
            f"{visit['reference']} does not have its slot {slot['id']}, but {has} has"
            for visit in active.values()
            if _covers(visit, slot) and has != visit["id"]
        ]
    return wrong


def no_acknowledged_booking_is_lost(evidence: Evidence) -> list[str]:
    """Who was told "booked" is booked, unless a cancel that may have happened says why."""
    status = {visit["reference"]: visit["status"] for visit in evidence.visits}
    may_be, must_be = set(), set()
    for each in evidence.operations:
        if each.kind == "cancel" and each.outcome in (OK, UNKNOWN):
            may_be.add(each.who)
        if each.kind == "cancel" and each.outcome == OK:
            must_be.add(each.who)
    told = {who for each in evidence.operations for who in each.made}
    wrong = [
        f"{who} was acknowledged, and is {status.get(who, 'nowhere')}"
        for who in sorted(told)
        if status.get(who) not in ACTIVE
        and not (status.get(who) == "cancelled" and who in may_be)
    ]
    return wrong + [
        f"the cancel of {who} was acknowledged, and it is {status.get(who)}"
        for who in sorted(must_be)
        if status.get(who) != "cancelled"
    ]


def every_answer_is_a_documented_one(evidence: Evidence) -> list[str]:
    """2xx, 3xx, 4xx, or 503 that says when to come again; and no client met a surprise."""
    wrong = [
        f"{each.path} {each.mark}: {each.code}"
        for each in evidence.operations
        if each.code.startswith("crash")
    ]
    return wrong + [
        f"{each.path} {each.mark} by {answer.door}: {answer.status} {answer.code}"
        for each in evidence.operations
        for answer in each.answers
        if answer.status >= 500 and not (answer.status == 503 and answer.retry_after)
    ]


def a_key_books_once(evidence: Evidence) -> list[str]:
    """However often a request was sent: one appointment, and always the same answer."""
    booked = Counter(visit["reason"] for visit in evidence.visits)
    wrong = [
        f"{each.mark} was booked {booked[each.mark]} times"
        for each in evidence.operations
        if each.kind == "book" and booked[each.mark] > each.visits
    ]
    for each in evidence.operations:
        names = {answer.reference for answer in each.answers if answer.status == 201}
        if len(names) > 1:
            wrong.append(f"{each.mark} was answered with {sorted(names)}")
    return wrong


def everybody_is_told_by_mail(evidence: Evidence) -> list[str]:
    """Each change at least once, under a Message-ID that is the same each time."""
    wrong = []
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    about: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for message_id, event, reference in evidence.mails:
        ids[reference, event].add(message_id)
        about[message_id].add((reference, event))
    changes = Counter((row["reference"], row["kind"]) for row in evidence.told)
    for what, number in changes.items():
        if len(ids[what]) != number:
            wrong.append(f"{what}: {number} changes, {len(ids[what])} messages")
    wrong += [f"{id_} tells of {what}" for id_, what in about.items() if len(what) > 1]
    acknowledged = {who for each in evidence.operations for who in each.made}
    untold = sorted(who for who in acknowledged if not ids[who, "booked"])
    return wrong + [f"{who} was booked without a mail" for who in untold]


def failures_have_a_cause(evidence: Evidence) -> list[str]:
    """ "Not available" and broken connections come only with a fault that explains them.

    In particular no deadlock shows: it is tried again.
    """
    return [
        f"{each.path} {each.mark}: {answer.code or answer.status} {answer.door}"
        for each in evidence.operations
        for answer in each.answers
        if answer.leaves_open
        and answer.code != GAVE_UP
        and not _is_caused(each, evidence)
    ]


def each_slot_was_had_by_one_at_a_time(evidence: Evidence) -> list[str]:
    """Some order explains all answers; see `history`."""
    histories = projection.histories(
        evidence.operations,
        found=evidence.found,
        final=evidence.final,
        at=evidence.read_at,
    )
    wrong = [
        f"slot {slot}: {verdict}"
        for slot, steps in histories.items()
        if (verdict := judge(steps))
    ]
    return wrong + [
        f"{each.path} {each.mark}: refused as taken, but nobody can have had {each.slots}"
        for each in projection.unexplained_refusals(evidence.operations, histories)
    ]


CHECKS: list[Callable[[Evidence], list[str]]] = [
    nobody_overlaps,
    each_visit_has_its_slots,
    no_acknowledged_booking_is_lost,
    every_answer_is_a_documented_one,
    a_key_books_once,
    everybody_is_told_by_mail,
    failures_have_a_cause,
    each_slot_was_had_by_one_at_a_time,
]


def _is_caused(operation: Operation, evidence: Evidence) -> bool:
    return any(
        fault.may_refuse
        and fault.began <= operation.ended
        and operation.began <= fault.ended + GRACE
        for fault in evidence.faults
    )


def _covers(visit: Row, slot: Row) -> bool:
    is_theirs = visit["doctor_id"] == slot["doctor_id"]
    return is_theirs and bool(visit["start"] <= slot["start"] < visit["end"])


def _start(visit: Row) -> Any:
    return visit["start"]


def _end(visit: Row) -> Any:
    return visit["end"]


def _occupied_from(visit: Row) -> Any:
    return visit["occupied"].lower


def _occupied_to(visit: Row) -> Any:
    return visit["occupied"].upper
