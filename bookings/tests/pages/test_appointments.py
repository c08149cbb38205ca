"""Seeing and cancelling visits, and who may."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from bookings.actions import appointments
from bookings.interop import links
from bookings.models import Appointment, Patient, Practice, Slot
from bookings.tests import make
from bookings.tests.pages import walking
from tenants.context import clinic_context
from tenants.models import Clinic


def booked(slot: Slot, patient: Patient | None = None) -> Appointment:
    return appointments.book(
        slot_id=slot.pk,
        patient=patient or make.new_patient(),
        by=None,
        via=Appointment.Via.PAGE,
    )


def path_of(visit: Appointment) -> str:
    return f"/appointments/{visit.reference}/"


def signed(visit: Appointment, path: str = "") -> str:
    return f"{path_of(visit)}{path}?{links.PARAMETER}={links.key_of(visit)}"


@pytest.fixture
def visit(slots: list[Slot]) -> Appointment:
    return booked(slots[0])


def test_a_visit_opens_by_its_signed_link(stranger: Client, visit: Appointment):
    page = stranger.get(signed(visit))

    assert page.status_code == 200
    assert visit.reference in page.content.decode()
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("path", ["", "cancel/", "move/", "calendar.ics"])
def test_without_link_log_in_or_browser_it_is_as_if_there_were_none(
    stranger: Client, visit: Appointment, path: str
):
    theirs = stranger.get(path_of(visit) + path)
    nothing = stranger.get(f"/appointments/2222-3333-44/{path}")
    forged = stranger.get(f"{path_of(visit)}{path}?key=x")

    assert theirs.status_code == nothing.status_code == forged.status_code == 404
    assert len(theirs.content) == len(nothing.content)
    assert visit.patient.name not in theirs.content.decode()
    assert "Log in" in theirs.content.decode()


def test_another_patient_sees_nothing(stranger: Client, visit: Appointment):
    stranger.force_login(make.user())

    assert stranger.get(path_of(visit)).status_code == 404
    assert stranger.post(f"{path_of(visit)}cancel/").status_code == 404
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_a_link_opens_one_visit_only(stranger: Client, slots: list[Slot]):
    one, other = booked(slots[0]), booked(slots[1])

    answer = stranger.get(f"{path_of(other)}?{links.PARAMETER}={links.key_of(one)}")

    assert answer.status_code == 404


def test_a_link_means_nothing_at_another_clinic(
    other_client: Client, other_clinic: Clinic, visit: Appointment
):
    key = links.key_of(visit)
    with clinic_context(other_clinic):
        make.practice()
        doctor = make.doctor()
        twin = booked(make.slots(doctor)[0])
        Appointment.objects.filter(pk=twin.pk).update(reference=visit.reference)

    assert other_client.get(f"{path_of(visit)}?key={key}").status_code == 404


def test_the_list_shows_the_family_and_nobody_else(
    clinic_client: Client, slots: list[Slot], elif_: User, deniz: Patient
):
    own, his, theirs = booked(slots[0]), booked(slots[1], deniz), booked(slots[2])
    Appointment.objects.filter(pk=own.pk).update(patient=elif_.patient)
    clinic_client.force_login(elif_)

    page = clinic_client.get("/appointments/").content.decode()

    assert own.reference in page
    assert his.reference in page
    assert theirs.reference not in page


def test_guests_are_told_how_to_get_to_their_visits(clinic_client: Client):
    page = clinic_client.get("/appointments/").content.decode()

    assert "Log in" in page
    assert "link in the email" in page


def test_a_guest_finds_what_was_booked_in_this_browser(
    clinic_client: Client, stranger: Client, slots: list[Slot]
):
    url = walking.book(clinic_client, slots[0])["Location"]
    theirs = booked(slots[1])

    mine = clinic_client.get("/appointments/").content.decode()
    nothing = stranger.get("/appointments/").content.decode()

    assert url in mine
    assert "For Elif Kaya" in mine
    assert theirs.reference not in mine
    assert url not in nothing


def test_a_guests_list_forgets_what_was_cancelled_or_is_over(
    clinic_client: Client, slots: list[Slot]
):
    cancelled, over = (
        walking.book(clinic_client, each)["Location"] for each in slots[:2]
    )
    clinic_client.post(f"{cancelled}cancel/")
    now = slots[1].end + timedelta(minutes=1)
    with time_machine.travel(now, tick=False):
        page = clinic_client.get("/appointments/")

    assert page.status_code == 200
    assert cancelled not in page.content.decode()
    assert over not in page.content.decode()


def test_cancelling_asks_first_and_frees_the_time(
    stranger: Client, visit: Appointment, slots: list[Slot]
):
    asked = stranger.get(signed(visit, "cancel/"))
    visit.refresh_from_db()
    assert (asked.status_code, visit.status) == (200, "booked")

    answer = stranger.post(signed(visit, "cancel/"))
    twice = stranger.post(signed(visit, "cancel/"))

    visit.refresh_from_db()
    assert visit.status == "cancelled"
    assert answer["Location"] == twice["Location"] == signed(visit)
    assert Slot.objects.get(pk=slots[0].pk).status_at(timezone.now()) == "free"
    assert visit.history.count() == 2


def test_too_late_shows_the_phone(
    stranger: Client, visit: Appointment, practice: Practice
):
    Practice.objects.filter(pk=practice.pk).update(cutoff_minutes=60 * 24 * 30)

    asked = stranger.get(signed(visit, "cancel/"))
    sent = stranger.post(signed(visit, "cancel/"))

    visit.refresh_from_db()
    assert (asked.status_code, sent.status_code) == (200, 409)
    assert visit.status == "booked"
    for page in (asked, sent):
        assert "too late to change this online" in page.content.decode()
        assert 'href="tel:02079460118"' in page.content.decode()


def test_the_calendar_file_is_the_appointments(stranger: Client, visit: Appointment):
    answer = stranger.get(signed(visit, "calendar.ics"))

    assert answer["Content-Type"].startswith("text/calendar")
    assert f"{visit.start:%Y%m%dT%H%M%SZ}" in answer.content.decode()


def test_the_browser_that_booked_may_open_it_a_while_later(
    clinic_client: Client, slots: list[Slot]
):
    url = walking.book(clinic_client, slots[0])["Location"]
    long_ago = timezone.now() - timedelta(hours=2)
    Appointment.objects.update(created_at=long_ago)

    page = clinic_client.get(url).content.decode()

    assert "You are booked" not in page
    assert "Your appointment" in page


def test_a_list_of_three_costs_as_many_queries_as_one(
    clinic_client: Client,
    slots: list[Slot],
    elif_: User,
):
    clinic_client.force_login(elif_)
    counts = []
    clinic_client.get("/appointments/")  # the host is looked up once
    for slot in slots[:3]:
        booked(slot, Patient.objects.get(user=elif_))
        with CaptureQueriesContext(connection) as queries:
            clinic_client.get("/appointments/")
        counts.append(len(queries))

    assert counts[0] == counts[2], counts


def test_moving_asks_first_and_keeps_the_old_time_until_then(
    stranger: Client, visit: Appointment, slots: list[Slot]
):
    new = {"slot": str(slots[3].pk)}
    times = stranger.get(signed(visit, "move/"))
    asked = stranger.post(signed(visit, "move/"), new)
    visit.refresh_from_db()
    assert (times.status_code, asked.status_code) == (200, 200)
    assert visit.start == slots[0].start

    answer = stranger.post(signed(visit, "move/"), new | {"sure": "1"})

    visit.refresh_from_db()
    assert answer["Location"] == signed(visit)
    assert visit.start == slots[3].start
    assert Slot.objects.get(pk=slots[0].pk).status_at(timezone.now()) == "free"


def test_moving_to_a_taken_time_keeps_the_visit_and_offers_others(
    stranger: Client, visit: Appointment, slots: list[Slot]
):
    booked(slots[3])

    answer = stranger.post(
        signed(visit, "move/"), {"slot": str(slots[3].pk), "sure": "1"}
    )

    visit.refresh_from_db()
    assert answer.status_code == 409
    assert "Someone else has just taken 10:00." in answer.content.decode()
    assert visit.start == slots[0].start


def test_links_of_the_move_page_carry_the_key(stranger: Client, visit: Appointment):
    page = stranger.get(signed(visit, "move/")).content.decode()

    key = links.key_of(visit)
    assert f"move/?{links.PARAMETER}={key}&amp;date=" in page
