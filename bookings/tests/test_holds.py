"""Who may hold how much at once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from bookings import locking
from bookings.actions import holds
from bookings.errors import TooManyHoldsError
from bookings.models import Hold, Slot
from bookings.tests import make
from bookings.tests.test_races import at_once


def test_two_tabs_that_choose_at_once_keep_one_hold(committed):
    make.practice()
    free = make.slots(make.doctor(), number=8)
    choose: list[Callable[[], object]] = [
        partial(holds.place, slot_id=slot.pk, holder="browser") for slot in free
    ]

    outcomes = at_once(committed, choose)

    assert set(outcomes) == {"done"}
    now = locking.clock()
    assert sum(hold.is_live(now) for hold in Hold.objects.all()) == 1
    assert Slot.objects.filter(hold__isnull=False).count() == 1


def test_one_address_cannot_hold_the_whole_calendar(clinic, monkeypatch):
    monkeypatch.setattr(holds, "MAX_PER_ADDRESS", 3)
    make.practice()
    free = make.slots(make.doctor())
    now = locking.clock()
    for n, slot in enumerate(free[:3]):
        _place(slot, f"browser {n}", now=now + timedelta(seconds=n))

    with pytest.raises(TooManyHoldsError) as refused:
        _place(free[3], "one more", now=now + timedelta(seconds=60))
    _place(free[3], "a neighbour", address="198.51.100.7")
    later = now + timedelta(
        minutes=5, seconds=1
    )  # the first one's five minutes are over
    _place(free[4], "one more", now=later)

    assert refused.value.retry_after == 4 * 60


def test_choosing_another_time_is_not_one_more(clinic, monkeypatch):
    monkeypatch.setattr(holds, "MAX_PER_ADDRESS", 2)
    make.practice()
    for slot in make.slots(make.doctor()):
        _place(slot, "browser")

    assert Slot.objects.filter(hold__isnull=False).count() == 1


def _place(slot, holder, *, address="203.0.113.9", now=None):
    return holds.place(slot_id=slot.pk, holder=holder, address=address, now=now)
