"""The judge judged: histories by hand, good and bad. Times are small numbers."""

import random

import pytest

from bookings.tests.stress.history import (
    FOREVER,
    Kind,
    Step,
    TooManyOrdersError,
    judge,
)


def take(who, began, ended, **more):
    return Step(Kind.TAKE, began, ended, who, **more)


def put(who, began, ended, **more):
    return Step(Kind.PUT, began, ended, who, **more)


def leave(who, began, ended, **more):
    return Step(Kind.LEAVE, began, ended, who, **more)


def refused(began, ended, who=""):
    return Step(Kind.SEEN_TAKEN, began, ended, who)


def looks_free(began, ended):
    return Step(Kind.SEEN_FREE, began, ended)


def has(who, at):
    return Step(Kind.SEEN, at, at, who)


def unknown(make, who, began):
    return make(who, began, FOREVER, is_certain=False)


# What may be -----------------------------------------------------------------------------


def test_nothing_at_all():
    assert judge([]) is None


def test_one_books_the_other_is_refused_meanwhile():
    assert judge([take("ann", 0, 10), refused(2, 5), has("ann", 20)]) is None


def test_a_refusal_just_before_a_slow_booking_is_answered():
    assert judge([take("ann", 0, 100), refused(1, 2), looks_free(0, 1)]) is None


def test_free_again_after_a_cancel_and_taken_by_another():
    story = [take("ann", 0, 1), leave("ann", 5, 9), take("bob", 6, 8), has("bob", 20)]
    assert judge(story) is None


def test_a_move_to_where_the_visit_is_changes_nothing():
    assert judge([take("ann", 0, 1), put("ann", 2, 3), has("ann", 9)]) is None


def test_a_leave_of_somebody_who_is_elsewhere_changes_nothing():
    assert judge([take("ann", 0, 1), leave("bob", 2, 3), has("ann", 9)]) is None


def test_moved_away_and_back_while_both_overlap():
    story = [
        take("ann", 0, 1),
        leave("ann", 2, 10),
        put("ann", 3, 9),
        looks_free(4, 5),
        has("ann", 20),
    ]
    assert judge(story) is None


@pytest.mark.parametrize("last", ["ann", ""])
def test_a_booking_of_unknown_outcome_may_have_happened_or_not(last):
    assert judge([unknown(take, "ann", 0), has(last, 50)]) is None


def test_a_booking_of_unknown_outcome_may_happen_much_later():
    story = [
        unknown(take, "ann", 0),
        take("bob", 1, 2),
        leave("bob", 10, 11),
        looks_free(12, 13),
        refused(20, 21),
        has("ann", 50),
    ]
    assert judge(story) is None


def test_a_cancel_of_unknown_outcome_lets_another_in():
    story = [
        take("ann", 0, 1),
        unknown(leave, "ann", 2),
        refused(3, 4),
        take("bob", 5, 6),
        has("bob", 50),
    ]
    assert judge(story) is None


# What may not be -------------------------------------------------------------------------


def test_a_double_booking():
    assert judge([take("ann", 0, 10), take("bob", 1, 9)])


def test_a_double_booking_that_one_of_them_cancels_later():
    story = [take("ann", 0, 10), take("bob", 1, 9), leave("ann", 20, 21)]
    assert judge([*story, has("bob", 30)])


def test_a_lost_booking():
    assert judge([take("ann", 0, 1), has("", 9)])


def test_a_lost_booking_that_somebody_else_has_now():
    assert judge([take("ann", 0, 1), take("bob", 2, 3), has("bob", 9)])


def test_a_refusal_of_a_time_that_was_always_free():
    assert judge([refused(0, 10), looks_free(20, 21)])


def test_a_refusal_before_anybody_had_it():
    assert judge([refused(0, 4), take("ann", 5, 6)])


def test_a_refusal_because_of_oneself():
    assert judge([take("ann", 0, 1), refused(2, 3, who="ann")])


def test_a_time_that_looks_free_while_it_is_taken():
    assert judge([take("ann", 0, 1), looks_free(2, 3), leave("ann", 4, 5)])


def test_a_cancelled_visit_that_is_still_there():
    assert judge([take("ann", 0, 1), leave("ann", 2, 3), has("ann", 9)])


def test_one_unknown_booking_cannot_have_happened_twice():
    story = [
        unknown(take, "ann", 0),
        refused(1, 2),
        leave("ann", 3, 4),
        looks_free(5, 6),
        refused(7, 8),
    ]
    assert judge(story)


def test_the_verdict_names_what_does_not_fit():
    verdict = judge([take("ann", 0, 1), take("bob", 2, 3), has("bob", 9)])

    assert verdict is not None
    assert verdict.state == "ann"
    assert [step.who for step in verdict.stuck] == ["bob"]


# Many ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_what_a_true_calendar_answers_is_always_possible(seed):
    assert judge(played(random.Random(seed))) is None


@pytest.mark.parametrize("seed", range(20))
def test_one_false_answer_among_many_is_found(seed):
    dice = random.Random(seed)
    steps = played(dice, steps=60)
    end = max(step.ended for step in steps) + 10
    held = judge([*steps, has("", end)]) is not None  # else it was free at the end

    assert judge([*steps, has("" if held else "nobody known", end)])


def test_it_gives_up_in_time_rather_than_never():
    crowd = [unknown(take, f"p{n}", 0) for n in range(30)]
    crowd += [unknown(leave, f"p{n}", 0) for n in range(30)]

    with pytest.raises(TooManyOrdersError):
        judge([*crowd, has("somebody else", 9)], limit=2000)


def played(dice, steps=300, at_once=6):
    """Let a true calendar answer, each at one moment within its request."""
    state, story, now = "", [], 0
    for n in range(steps):
        now += 10
        began, ended = now - dice.randrange(10 * at_once), now + dice.randrange(60)
        who = f"p{n}"
        if state and dice.random() < 0.4:
            story.append(leave(state, began, ended))
            state = ""
        elif state:
            story.append(refused(began, ended))
        elif dice.random() < 0.3:
            story.append(looks_free(began, ended))
        else:
            is_lost = dice.random() < 0.02
            story.append(
                unknown(take, who, began) if is_lost else take(who, began, ended)
            )
            state = who
    return story
