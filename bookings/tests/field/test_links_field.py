"""The links in mails: what they still open, and how much they can ever change."""

from urllib.parse import urlencode

import pytest

from bookings.actions import appointments
from bookings.interop import links
from bookings.models import Appointment, AppointmentChange, Slot
from bookings.tests import make
from bookings.tests.api.conftest import Caller
from bookings.tests.field.stage import book, link_to

PAGE = Appointment.Via.PAGE


@pytest.fixture
def day(clinic):
    del clinic
    return make.slots(make.doctor())


@pytest.fixture
def visits(day):
    """Three visits of one person."""
    person = make.patient()
    return [book(slot, patient=person) for slot in day[:3]]


def test_the_link_of_a_cancelled_visit_moves_nothing(clinic, stranger, day):
    """Scenario 27: a cancelled booking's link still reschedules it.

    cal.com #13166, #29407.
    """
    user = make.user()
    visit = book(day[0], patient=make.patient(user=user))
    moves = link_to(visit, "move/")
    appointments.cancel(appointment_id=visit.pk, by=None, via=PAGE)
    wish = {"slot": str(day[3].pk)}

    answers = [
        stranger.get(moves),
        stranger.post(moves, wish),
        stranger.post(moves, wish | {"sure": "1"}),
        stranger.post(link_to(visit, "cancel/")),
    ]
    sent = Caller(clinic, user).post(f"appointments/{visit.pk}/reschedule/", wish)

    assert {answer.status_code for answer in answers} == {302}
    assert (sent.status_code, sent.json()["code"]) == (409, "already_cancelled")
    page = stranger.get(link_to(visit)).content.decode()
    assert "This appointment is cancelled" in page
    assert "/move/" not in page
    visit.refresh_from_db()
    assert (visit.status, visit.start, visit.version) == ("cancelled", day[0].start, 2)
    assert not Slot.objects.exclude(appointment=None).exists()


@pytest.mark.parametrize("page", ["cancel/", "move/"])
def test_a_link_without_its_key_or_with_another_changes_nothing(
    stranger, day, visits, page
):
    """Scenario 28: dropping a query parameter cancels the whole group.

    cal.com #11660.
    """
    path = f"/appointments/{visits[0].reference}/{page}"
    sent = {"slot": str(day[4].pk), "sure": "1"}
    key = links.key_of(visits[0])
    for query in (
        "",
        "?",
        "?key=",
        f"?Key={key}",
        f"?key={key[:-1]}",
        f"?key={links.key_of(visits[1])}",
        f"?key={key}&key=",
        f"?key[]={key}",
    ):
        assert stranger.get(path + query).status_code == 404
        assert stranger.post(path + query, sent).status_code == 404
    for nothing in (f"/appointments/{page}", f"/appointments//{page}"):
        assert stranger.post(f"{nothing}?key={key}", sent).status_code in {404, 405}

    assert changed(visits) == []


@pytest.mark.parametrize(
    ("page", "kind"), [("cancel/", "cancelled"), ("move/", "moved")]
)
def test_whatever_is_added_to_a_link_it_changes_its_one_visit(
    stranger, day, visits, page, kind
):
    """Scenario 28: an altered query changes the whole group.

    cal.com #11660.
    """
    others = [visits[1].reference, str(visits[2].pk)]
    more = {"all": "1", "reference": others, "series": "1", "patient": "", "id": others}

    answer = stranger.post(
        f"{link_to(visits[0], page)}&{urlencode(more, doseq=True)}",
        {"slot": str(day[4].pk), "sure": "1", "all": "1", "reference": others},
    )

    assert answer.status_code == 302
    assert changed(visits) == [(visits[0].pk, kind)]


def test_a_page_behind_a_link_gives_the_link_to_nobody_else(stranger, visits):
    """Scenario 28: links to bookings are found in public collections.

    cal.com #21667 (on VirusTotal). Nothing of ours may hand the address on.
    """
    for page in ("", "cancel/", "move/", "calendar.ics"):
        answer = stranger.get(link_to(visits[0], page))
        assert answer.status_code == 200
        assert answer["Referrer-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]
    calendar = stranger.get(link_to(visits[0], "calendar.ics")).content.decode()
    assert links.key_of(visits[0]) not in calendar.replace("\r\n ", "")


def changed(visits):
    """Everything that has happened since the visits were booked."""
    after = AppointmentChange.objects.filter(appointment__in=visits)
    return list(after.exclude(kind="booked").values_list("appointment", "kind"))
