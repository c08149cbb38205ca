"""A doctor in New York, a patient in Berlin, a clinic in London: one instant everywhere.

The visit is at 09:00 in New York on the day the clocks there go forward (13:00 UTC, not
14:00), while Berlin and London have not changed yet.
"""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import icalendar
import pytest
from django.test import Client

from accounts.tokens import issue
from bookings.actions import appointments
from bookings.interop import ical
from bookings.models import Appointment, Slot
from bookings.outbox import mail
from bookings.tests import make

NEW_YORK = "America/New_York"
SPRING = date(2027, 3, 14)
INSTANT = datetime(2027, 3, 14, 13, 0, tzinfo=UTC)


@pytest.fixture
def visit(clinic) -> Appointment:
    make.practice(horizon_days=730)
    doctor = make.doctor(timezone=NEW_YORK, slug="whitaker")
    slot, *_ = make.slots(doctor, start=make.at(doctor, SPRING, time(9)))
    person = make.patient(user=make.user(email="berlin@mail.example"))
    return appointments.book(
        slot_id=slot.pk, patient=person, by=person.user, via=Appointment.Via.PAGE
    )


def times_in(html: str) -> set[datetime]:
    """Every clock time of a page, as instants."""
    marked = re.findall(r'<time[^>]* datetime="([^"]+T[^"]+)"', html)
    return {datetime.fromisoformat(each).astimezone(UTC) for each in marked}


def test_the_doctors_day_shows_new_york_and_berlin(clinic_client, visit):
    following = Slot.objects.order_by("start")[1]
    clinic_client.cookies["tz"] = "Europe/Berlin"

    page = clinic_client.get(f"/doctors/whitaker/?date={SPRING}&clock=mine")
    html = page.content.decode()

    assert {INSTANT, following.start} <= times_in(html)
    assert "09:20" in html
    assert "14:20" in html  # the same, in Berlin
    assert "New York" in html
    assert "Berlin" in html


def test_visit_page_api_admin_mail_and_calendar_file_agree(clinic, visit):
    host = f"{clinic.slug}.localhost"
    patient, owner = Client(headers={"host": host}), Client(headers={"host": host})
    patient.force_login(visit.patient.user)
    owner.force_login(make.user(role="owner"))
    token = issue(visit.patient.user, clinic.pk).access

    page = patient.get(f"/appointments/{visit.reference}/").content.decode()
    answer = Client(headers={"host": host, "authorization": f"Bearer {token}"}).get(
        f"/api/v1/appointments/{visit.pk}/"
    )
    admin = owner.get(f"/admin/bookings/appointment/{visit.pk}/change/")
    message = mail.compose(visit.history.get().message)
    calendar = icalendar.Calendar.from_ical(ical.calendar_of(visit))

    assert INSTANT in times_in(page)
    assert "New York time" in page
    assert answer.json()["start"] == "2027-03-14T13:00:00Z"
    assert "09:00 EDT (New York)" in admin.content.decode()
    assert "09:00 New York time" in str(message and message.body)
    assert calendar.events[0].start == INSTANT
    assert visit.local_start == INSTANT.astimezone(ZoneInfo(NEW_YORK))
