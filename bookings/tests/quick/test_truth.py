"""The checker of benchmarks: what it calls wrong, and that it sees a stale page."""

from datetime import timedelta

import psycopg
import pytest

from benchmarks import truth
from benchmarks.truth import Seen
from bookings import locking
from bookings.models import Slot
from bookings.quick import lists, pages
from bookings.tests import make
from bookings.tests.processes import database_url
from bookings.tests.quick.asking import Program

FREE, HELD, BOOKED = Seen(3, "free"), Seen(4, "held"), Seen(5, "booked")


@pytest.mark.parametrize(
    ("shown", "is_wrong"),
    [
        (HELD, False),
        (BOOKED, False),  # newer
        (FREE, True),  # older
        (Seen(4, "free"), True),  # of the same version
        (Seen(5, "free"), False),
        (None, True),
    ],
)
def test_what_is_shown_is_as_new_as_what_was_known(shown, is_wrong):
    said = list(truth.wrongs({"a": HELD}, {"a": shown} if shown else {}))

    assert bool(said) == is_wrong
    assert all("held (version 4)" in each for each in said)


def test_what_is_blocked_need_not_be_shown():
    assert list(truth.wrongs({"a": Seen(2, "blocked")}, {"b": FREE})) == []


def test_of_what_was_learned_only_the_newer_is_news():
    learned = {"a": HELD, "b": HELD, "c": HELD}

    assert truth.news({"a": FREE, "b": BOOKED}, learned) == {"a": HELD, "c": HELD}
    assert truth.news({"a": Seen(4, "free")}, {"a": HELD}) == {}


@pytest.fixture
def day(slots):
    return str(slots[0].doctor_id), slots[0].day.isoformat()


@pytest.fixture
def stored(committed, day):
    """Read the day from the store as the checker does."""
    with psycopg.connect(database_url(), autocommit=True) as store:
        yield lambda: truth.stored(store, committed.schema_name, day)


@pytest.fixture
def asked(slots, day):
    """How each form is asked for: path, query, headers."""
    doctor, on = day
    page = f"/doctors/{slots[0].doctor.slug}/", f"date={on}"
    return {
        truth.JSON: ("/api/v1/slots/", f"doctor={doctor}&from={on}&to={on}", []),
        truth.PAGE: (*page, []),
        truth.FRAGMENT: (*page, [("hx-request", "true")]),
    }


def _put_into_every_state(slots):
    now = locking.clock()
    make.booked(slots[0])
    Slot.objects.filter(pk=slots[1].pk).update(held_until=now + timedelta(minutes=5))
    Slot.objects.filter(pk=slots[2].pk).update(held_until=now - timedelta(minutes=5))


def test_it_judges_as_the_product_does(stored, slots, day):
    _put_into_every_state(slots)
    Slot.objects.filter(pk=slots[3].pk).update(blocked_by="desk")

    now = locking.clock()
    judged = {
        str(slot.pk): Seen(slot.version_at(now), slot.status_at(now))
        for slot in Slot.objects.filter(doctor=day[0], day=day[1])
    }

    assert stored() == judged
    assert {seen.status for seen in judged.values()} == set(Slot.Status.values)


@pytest.mark.parametrize("form", truth.READ)
def test_it_reads_what_is_shown(committed, stored, asked, slots, form):
    _put_into_every_state(slots)
    path, query, headers = asked[form]

    reply = Program(committed, more=headers).get(path, query)

    assert truth.READ[form](reply.body) == stored()


@pytest.mark.parametrize("is_planted", [False, True], ids=["true", "stale"])
@pytest.mark.parametrize("form", truth.READ)
def test_it_sees_a_stale_page(
    committed, stored, asked, slots, monkeypatch, form, is_planted
):
    if is_planted:
        _keep_all_for_good(monkeypatch)
    path, query, headers = asked[form]
    known: dict[str, Seen] = {}

    def scene(reading):
        first = reading()
        make.booked(slots[0])
        known.update(stored())
        return [first, reading()]

    program = Program(committed, more=headers)
    _, later = program.interleaved(path, query, scene)
    said = list(truth.wrongs(known, truth.READ[form](later.body)))

    expected = f"{slots[0].pk} is shown free (version 1), and was booked (version 2)"
    assert [each.startswith(expected) for each in said] == [True] * is_planted


def _keep_all_for_good(monkeypatch):
    """Plant it: show what was kept, whatever has changed."""
    monkeypatch.setattr(pages.Page, "is_true_at", lambda _page, _look: True)
    blind = lists._LOOK.replace("sum(known.revision)", "0 * sum(known.revision)")
    assert blind != lists._LOOK
    monkeypatch.setattr(lists, "_LOOK", blind)
