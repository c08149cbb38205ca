"""Moving a visit at the desk, and finding those that need a new time."""

from datetime import time

import pytest

from bookings import locking
from bookings.actions import appointments, entries
from bookings.actions.entries import Actor
from bookings.models import Appointment, Slot
from bookings.tests import make

LIST = "/admin/bookings/appointment/"
DESK = Appointment.Via.DESK


@pytest.fixture
def slots(clinic):
    make.practice()
    return make.slots(make.doctor(), number=3)


@pytest.fixture
def visit(slots):
    return appointments.book(
        slot_id=slots[0].pk, patient=make.new_patient(), by=None, via=DESK
    )


def unplace(visit):
    """Take its time from a visit, as a change of hours does."""
    old = list(Slot.objects.filter(appointment=visit.pk))
    entries.unplace(visit, old, Actor(None, DESK), locking.clock())


def address(visit, **asked):
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    return f"{LIST}{visit.pk}/move/?{query}"


def move(browser, visit, to, **fields):
    data = {"slot": to.pk, "reason": "", "version": visit.version} | fields
    response = browser.post(address(visit), data, follow=True)
    visit.refresh_from_db()
    return response.content.decode()


def test_the_free_times_of_the_same_day_are_offered_first(visit, slots, reception):
    page = reception.get(address(visit)).content.decode()
    assert str(slots[1].pk) in page
    assert str(slots[2].pk) in page
    assert str(slots[0].pk) not in page


def test_it_moves_and_says_where_to(visit, slots, reception):
    said = move(reception, visit, slots[2], reason="The room is being painted")
    assert "Moved to" in said
    assert "The room is being painted" in said
    assert visit.start == slots[2].start
    change = visit.history.get(kind="moved")
    assert (change.by_id, change.via) == (reception.user.pk, "desk")
    assert Slot.objects.get(pk=slots[0].pk).appointment is None


def test_another_doctor_who_does_the_same_can_take_it(visit, reception):
    other = make.doctor(services=[visit.service])
    start = make.at(other, make.next_week(other), time(14))
    (theirs,) = make.slots(other, start=start, number=1)
    asked = {"doctor": other.pk, "day": make.next_week(other)}
    page = reception.get(address(visit, **asked)).content.decode()
    assert str(theirs.pk) in page
    data = {"slot": theirs.pk, "version": visit.version}
    reception.post(address(visit, **asked), data)
    visit.refresh_from_db()
    assert visit.doctor == other


def test_a_time_that_has_gone_is_refused_and_what_was_typed_stays(
    visit, slots, reception
):
    Slot.objects.filter(pk=slots[2].pk).update(blocked_by="desk")
    said = move(reception, visit, slots[2], reason="Painting")
    assert "not free any more" in said
    assert 'value="Painting"' in said
    assert visit.start == slots[0].start


def test_a_visit_that_changed_since_it_was_seen_is_not_moved(visit, slots, reception):
    said = move(reception, visit, slots[2], version=7)
    assert "changed a moment ago" in said
    assert visit.start == slots[0].start


def test_looking_at_the_page_moves_nothing(visit, slots, reception):
    reception.get(address(visit, slot=slots[2].pk, version=1))
    visit.refresh_from_db()
    assert visit.start == slots[0].start


@pytest.mark.parametrize(
    "query", ["doctor=x&day=y", "doctor=&day=", "day=0001-01-01", "day=9999-12-31"]
)
def test_nonsense_in_the_address_is_no_error(visit, slots, reception, query):
    page = f"{LIST}{visit.pk}/move/?{query}"
    assert reception.get(page).status_code == 200
    assert reception.post(page, {"slot": slots[1].pk}).status_code == 200
    assert reception.post(page, {"slot": "x", "version": "y"}).status_code == 200


def test_a_doctor_cannot_move(visit, slots, as_):
    browser = as_("doctor")
    type(visit.doctor).objects.update(user=browser.user)
    assert browser.get(address(visit)).status_code == 403
    page = browser.get(f"{LIST}{visit.pk}/change/").content.decode()
    assert "/move/" not in page


def test_a_visit_without_its_time_is_found_and_given_a_new_one(visit, slots, reception):
    unplace(visit)
    assert (
        visit.reference
        in reception.get(LIST, {"is_unplaced__exact": 1}).content.decode()
    )
    page = reception.get(f"{LIST}{visit.pk}/change/").content.decode()
    assert "This visit needs a new time." in page
    assert f"{visit.pk}/move/" in page

    move(reception, visit, slots[1])
    assert not visit.is_unplaced
    page = reception.get(f"{LIST}{visit.pk}/change/").content.decode()
    assert "This visit needs a new time." not in page
    listed = reception.get(LIST, {"is_unplaced__exact": 1}).content.decode()
    assert visit.reference not in listed


def test_the_overview_counts_visits_that_need_a_new_time(visit, slots, reception):
    assert "Need a new time" not in reception.get("/admin/").content.decode()
    unplace(visit)
    figures = reception.get("/admin/").context["figures"]
    (figure,) = [each for each in figures if each["name"] == "Need a new time"]
    assert figure["number"] == 1
    assert visit.reference in reception.get(figure["address"]).content.decode()
