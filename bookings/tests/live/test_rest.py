"""How long viewers are not told anything."""

import pytest

from bookings.live.rest import AT_ONCE, LONGEST, SHARE, SHORTEST, Rest


def test_after_a_quiet_while_the_shortest_rest_follows():
    assert Rest(100.0).after(0.012, 100.2) == SHORTEST


def test_who_tells_a_little_now_and_then_never_rests_long():
    rest, now = Rest(0.0), 0.0
    for _ in range(100):
        now += 0.1
        assert rest.after(0.01, now) == SHORTEST


def test_of_a_long_rush_telling_takes_its_share():
    rest, now, cost = Rest(0.0), 0.0, 0.02
    for _ in range(40):
        now += cost + rest.after(cost, now)
    began = now
    for _ in range(20):
        now += cost + rest.after(cost, now)

    assert 20 * cost / (now - began) == pytest.approx(SHARE, rel=0.15)


def test_no_rest_is_longer_than_the_longest_whatever_it_cost():
    rest = Rest(0.0)
    for now in (1.0, 2.0, 3.0):
        assert rest.after(5.0, now) == pytest.approx(LONGEST)


def test_newcomers_gather_but_no_change_waits_for_what_their_greeting_cost():
    rest = Rest(0.0)

    assert rest.after_greeting(5.0) == LONGEST
    assert rest.after_greeting(0.001) == SHORTEST
    assert rest.after(0.02, 1.0) == SHORTEST


def test_what_it_owed_is_forgotten_with_time():
    rest = Rest(0.0)
    rest.after(5.0, 1.0)

    later = 1.0 + (AT_ONCE + LONGEST * SHARE) / SHARE
    assert rest.after(0.0, later) == SHORTEST
