"""What is offered books, what is not does not, and days have their right names."""

import re
from datetime import time, timedelta

import pytest

from bookings.actions import slots
from bookings.models import Slot, WorkingHours
from bookings.tests import make
from bookings.tests.field.stage import ADA, book, browser_at, ids, offered
from bookings.tests.pages import walking


@pytest.fixture
def service(clinic):
    """Longer than the 20 minutes of a slot, and with room after it."""
    del clinic
    return make.service(minutes=30, buffer_after_minutes=20)


@pytest.fixture
def day(service):
    """Twelve times of which some are taken, blocked, or by phone only."""
    made = make.slots(make.doctor(services=[service]), number=12)
    book(made[3])
    Slot.objects.filter(pk=made[9].pk).update(blocked_by="desk")
    Slot.objects.filter(pk=made[11].pk).update(staff_only=True)
    return made


def test_every_start_that_the_api_offers_books_and_no_other(guest, desk, day, service):
    """Scenario 18: a slot is offered, then refused.

    Thunderbird Appointment #1233; cal.com #6622; OpenEMR #6234.
    """
    starts = offered(guest, day[0].day, service=service.pk)
    booked = []

    for slot in ids(day):
        made = guest.post("appointments/", {"slot": slot, "patient": ADA})
        if made.status_code == 201:
            booked.append(slot)
            desk.post(f"appointments/{made.json()['id']}/cancel/")

    assert starts == booked == ids([day[n] for n in (0, 6, 7)])


def test_every_time_with_a_button_can_be_held_and_no_other(clinic, day):
    """Scenario 18: a slot is offered, then refused.

    Thunderbird Appointment #1233; cal.com #6622; OpenEMR #6234.
    """
    page = browser_at(clinic).get(walking.day_of(day[0])).content.decode()
    buttons = re.findall(r'name="slot" value="([0-9a-f-]+)"', page)
    held = []

    for slot in day:
        browser = browser_at(clinic)
        answer = walking.choose(browser, slot)
        if answer.status_code == 302:
            held.append(str(slot.pk))
            browser.post(f"{answer['Location']}release/")

    assert buttons == held == ids([day[n] for n in (0, 6, 7)])


def test_a_visit_longer_than_a_slot_may_start_at_every_slot(guest):
    """Scenario 18: where a visit is longer than the increment, every second is refused.

    Nextcloud calendar #5597.
    """
    day = make.slots(make.doctor(services=[make.service(minutes=30)]))
    service = day[0].doctor.default_service

    assert offered(guest, day[0].day, service=service.pk) == ids(day[:-1])
    assert book(day[1]).end == day[1].start + timedelta(minutes=30)
    assert book(day[3])


@pytest.mark.parametrize("by_service", [False, True])
def test_no_date_outside_the_range_that_was_asked_for_is_given(guest, by_service):
    """Scenario 18: dates outside the requested range are given.

    cal.com #24260.
    """
    doctor = make.doctor()
    day = make.next_week(doctor)
    midnights = [make.at(doctor, day + timedelta(days=n), time()) for n in range(3)]
    whole = [make.slots(doctor, start=each, number=60) for each in midnights]
    filters = {"service": doctor.default_service_id} if by_service else {}

    assert offered(guest, day + timedelta(days=1), **filters) == ids(whole[1])


@pytest.mark.parametrize(
    "zone", ["Europe/London", "Pacific/Auckland", "Pacific/Honolulu"]
)
def test_hours_of_a_weekday_are_published_on_that_weekday(clinic_client, zone):
    """Scenario 19: the index of the weekday is off by one.

    django-appointment #172.
    """
    make.practice(horizon_days=14)
    doctor = make.doctor(timezone=zone)
    named = {9 + number: name for number, name in WorkingHours.Weekday.choices}
    for hour in named:
        make.hours(doctor, weekday=hour - 9, opens=time(hour), closes=time(hour, 20))
    slots.publish()

    local = [slot.start.astimezone(doctor.zone) for slot in Slot.objects.all()]
    assert len({start.date() for start in local}) >= 14
    for start in local:
        assert f"{start:%A}" == str(named[start.hour])
    day = local[8]
    page = clinic_client.get(f"/doctors/{doctor.slug}/?date={day:%Y-%m-%d}")
    assert [view.clock for view in page.context["page"].slots] == [f"{day:%H:%M}"]
    assert f">{day:%A} " in page.content.decode()
