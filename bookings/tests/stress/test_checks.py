"""Each judgement sees what it is there for, and nothing where all is well."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.range import Range

from bookings.tests.stress import checks
from bookings.tests.stress.evidence import Evidence
from bookings.tests.stress.nemesis import Fault
from bookings.tests.stress.operations import Answer, Operation

NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
LENGTH = timedelta(minutes=20)
LATER = 10**12


def visit(reference="AAAA", *, slot=0, status="booked", buffer=0, **fields):
    start = NINE + slot * LENGTH
    end = start + LENGTH
    facts = {"id": f"id of {reference}", "reference": reference, "status": status}
    facts |= {"reason": f"mark of {reference}", "doctor_id": "d1"}
    facts |= {"patient_id": f"patient of {reference}", "start": start, "end": end}
    facts |= {"occupied": Range(start, end + timedelta(minutes=buffer), "[)")}
    return {**facts, "is_overbooked": False, "is_unplaced": False, **fields}


def slot(number=0, *, has=None):
    start = NINE + number * LENGTH
    owner = has and f"id of {has}"
    facts = {"id": f"s{number}", "doctor_id": "d1", "appointment_id": owner}
    return {**facts, "start": start, "end": start + LENGTH}


def booking(reference="AAAA", *, slots=("s0",), began=10, ended=20, **fields):
    operation = Operation("api1", "api book", "book", began, runs=[list(slots)])
    operation.mark, operation.ended = f"mark of {reference}", ended
    operation.answers = [Answer(ended, 201, reference=reference)]
    operation.done({reference: list(slots)})
    for name, value in fields.items():
        setattr(operation, name, value)
    return operation


def attempt(kind="book", *, began=10, ended=20, answers=(), **fields):
    operation = Operation("api2", f"api {kind}", kind, began, ended=ended)
    operation.answers = list(answers)
    for name, value in fields.items():
        setattr(operation, name, value)
    return operation


def refusal(code="slot_taken", *, slots=("s0",), **fields):
    return attempt(runs=[list(slots)], outcome="refused", code=code, **fields)


def evidence(*operations, **facts):
    """One visit that was booked, acknowledged and told of; or what else is said."""
    defaults: dict[str, Any] = {
        "operations": list(operations) or [booking()],
        "visits": [visit()],
        "slots": [slot(0, has="AAAA"), slot(1)],
        "told": [{"reference": "AAAA", "kind": "booked", "state": "sent"}],
        "mails": [("<1@x>", "booked", "AAAA")],
        "read_at": LATER,
    }
    return Evidence(**defaults | facts)


def test_all_is_well():
    assert checks.all_of(evidence()) == {}


@pytest.mark.parametrize(
    "other",
    [
        visit("BBBB"),
        visit("BBBB", doctor_id="d2", patient_id="patient of AAAA"),
        visit("BBBB", slot=-1, buffer=5),
    ],
    ids=["doctor", "patient", "buffer"],
)
def test_an_overlap_is_seen(other):
    assert checks.nobody_overlaps(evidence(visits=[visit(), other]))


@pytest.mark.parametrize(
    "other", [visit("BBBB", slot=1), visit("BBBB", status="cancelled")]
)
def test_no_overlap_where_there_is_none(other):
    assert not checks.nobody_overlaps(evidence(visits=[visit(), other]))


@pytest.mark.parametrize(
    "slots",
    [
        [slot(0), slot(1)],
        [slot(0, has="AAAA"), slot(1, has="AAAA")],
        [slot(0, has="AAAA"), slot(1, has="gone")],
    ],
    ids=["not its own", "one too many", "of nobody"],
)
def test_wrong_slots_are_seen(slots):
    assert checks.each_visit_has_its_slots(evidence(slots=slots))


def test_the_slot_of_a_cancelled_visit_is_seen():
    assert checks.each_visit_has_its_slots(evidence(visits=[visit(status="cancelled")]))


def test_a_booking_that_was_acknowledged_and_is_nowhere_is_seen():
    assert checks.no_acknowledged_booking_is_lost(evidence(visits=[]))


def test_a_cancelled_one_needs_somebody_who_may_have_cancelled():
    gone = {"visits": [visit(status="cancelled")], "slots": [slot(0), slot(1)]}
    lost = attempt("cancel", who="AAAA", answers=[Answer(15, code="lost")])

    assert checks.no_acknowledged_booking_is_lost(evidence(booking(), **gone))
    assert not checks.no_acknowledged_booking_is_lost(evidence(booking(), lost, **gone))


def test_an_acknowledged_cancel_that_was_not_done_is_seen():
    cancelled = attempt("cancel", who="AAAA", outcome="ok")

    assert checks.no_acknowledged_booking_is_lost(evidence(booking(), cancelled))


@pytest.mark.parametrize("answer", [Answer(15, 500), Answer(15, 503)])
def test_a_5xx_is_seen_and_a_503_that_says_not_when(answer):
    asked = attempt(answers=[answer])

    assert checks.every_answer_is_a_documented_one(evidence(asked))


def test_a_503_that_says_when_is_documented():
    asked = attempt(answers=[Answer(15, 503, retry_after="2")])

    assert not checks.every_answer_is_a_documented_one(evidence(asked))


def test_a_client_that_met_a_surprise_is_seen():
    asked = attempt(code="crash: KeyError('slot')")

    assert checks.every_answer_is_a_documented_one(evidence(asked))


def test_one_key_with_two_bookings_is_seen():
    twice = [visit(), visit("BBBB", slot=1, reason="mark of AAAA")]

    assert checks.a_key_books_once(evidence(visits=twice))


def test_one_key_with_two_answers_is_seen():
    told = booking()
    told.answers.append(Answer(30, 201, reference="BBBB"))

    assert checks.a_key_books_once(evidence(told))


@pytest.mark.parametrize(
    "mails",
    [
        [],
        [("<1@x>", "cancelled", "AAAA")],
        [("<1@x>", "booked", "AAAA"), ("<2@x>", "booked", "AAAA")],
        [("<1@x>", "booked", "AAAA"), ("<1@x>", "booked", "BBBB")],
    ],
    ids=["none", "of something else", "repeated under another id", "one id for two"],
)
def test_mail_that_is_missing_or_muddled_is_seen(mails):
    assert checks.everybody_is_told_by_mail(evidence(mails=mails))


def test_a_repeat_under_the_same_id_is_fine():
    twice = [("<1@x>", "booked", "AAAA")] * 2

    assert not checks.everybody_is_told_by_mail(evidence(mails=twice))


@pytest.mark.parametrize(
    "answer", [Answer(15, 503, "unavailable", "2"), Answer(15, code="lost")]
)
def test_a_failure_without_a_fault_is_seen(answer):
    asked = attempt(answers=[answer])
    fault = Fault("kill web process", began=12, ended=14, may_refuse=True)
    harmless = Fault("restart valkey", began=12, ended=14, may_refuse=False)

    assert checks.failures_have_a_cause(evidence(asked))
    assert checks.failures_have_a_cause(evidence(asked, faults=[harmless]))
    assert not checks.failures_have_a_cause(evidence(asked, faults=[fault]))


def test_two_acknowledged_for_one_slot_are_seen():
    both = [booking(), booking("BBBB", began=12, ended=18)]
    visits = [visit(), visit("BBBB", status="cancelled")]

    assert checks.each_slot_was_had_by_one_at_a_time(evidence(*both, visits=visits))


def test_a_refusal_of_a_slot_that_nobody_had_is_seen():
    refused = refusal(slots=["s1"])

    assert checks.each_slot_was_had_by_one_at_a_time(evidence(booking(), refused))


def test_a_refusal_of_a_run_that_nobody_had_is_seen():
    before = refusal(slots=["s0", "s1"], began=1, ended=5)
    after = refusal(slots=["s0", "s1"], began=30, ended=40)

    assert checks.each_slot_was_had_by_one_at_a_time(evidence(booking(), before))
    assert not checks.each_slot_was_had_by_one_at_a_time(evidence(booking(), after))


def test_a_booking_whose_answer_was_lost_is_found_by_its_mark():
    lost = booking(outcome="unknown", made={}, answers=[Answer(20, code="lost")])

    assert not checks.each_slot_was_had_by_one_at_a_time(evidence(lost))


def test_a_refused_booking_that_was_made_all_the_same_is_seen():
    refused = refusal("slot_busy")
    refused.mark = "mark of AAAA"

    assert checks.each_slot_was_had_by_one_at_a_time(evidence(refused))


def test_a_move_frees_the_old_slot_and_takes_the_new_one():
    moved = attempt("move", who="AAAA", runs=[["s1"]], outcome="ok", began=30, ended=40)
    there = {"visits": [visit(slot=1)], "slots": [slot(0), slot(1, has="AAAA")]}

    assert not checks.each_slot_was_had_by_one_at_a_time(
        evidence(booking(), moved, **there)
    )
    assert checks.each_slot_was_had_by_one_at_a_time(evidence(booking(), moved))
