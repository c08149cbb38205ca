"""What a look at the clinic finds: told by an event, found by a check, or both at once."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bookings.live.ledger import Ledger
from bookings.live.socket import Socket
from bookings.live.viewers import Group, Variant, Window
from bookings.tests import make


@pytest.fixture
def slot(clinic):
    return make.slots(make.doctor(), number=2)[0]


@pytest.fixture
def partner(slot):
    """A program's socket that watches the day."""
    start = datetime.combine(slot.day, datetime.min.time(), UTC)
    window = Window(
        slot.doctor_id, start, start + timedelta(days=1), slot.day, slot.day
    )

    async def send(_message):
        """Nothing is sent: texts are looked at."""

    return Socket(send, Group(window, Variant(is_json=True)), user=None, session_key="")


@pytest.fixture
def look(clinic, partner):
    ledger = Ledger(clinic)

    def looked(*, newcomers=(), touched=(), check=False):
        news = ledger.look([partner], {*newcomers}, {*touched}, check=check)
        texts = [text for _, ready in news.texts for text in ready.texts]
        return [json.loads(text)["type"] for text in texts]

    assert looked(newcomers=[partner]) == ["snapshot"]
    return looked


def test_a_change_whose_event_is_on_its_way_is_no_gap(look, slot):
    make.booked(slot)

    at_the_check = look(check=True)
    with_the_event = look(touched=[(slot.doctor_id, slot.day)])
    at_the_next = look(check=True)

    assert (at_the_check, with_the_event, at_the_next) == (["slotUpdated"], [], [])


def test_a_change_of_which_no_event_comes_is_a_gap(look, slot):
    make.booked(slot)

    found = [look(check=True), look(check=True), look(check=True)]

    assert found == [["slotUpdated"], ["snapshot"], []]
