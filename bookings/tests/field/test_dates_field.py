"""The day of a visit is the doctor's, on every page, wherever the viewer is."""

from datetime import timedelta

import time_machine

from bookings.tests import make
from bookings.tests.field.stage import book
from bookings.tests.pages import walking


def test_every_page_of_a_visit_names_the_day_on_the_doctors_clock(clinic_client):
    """Scenario 22: a viewer one day away is shown the wrong date.

    Easy!Appointments #961; Nextcloud calendar #6407. Templates give datetimes to
    Django's `date` filter, which turns them into UTC first.
    """
    doctor = make.doctor(timezone="Pacific/Auckland")
    slot, other, *_ = make.slots(doctor)
    day = slot.start.astimezone(doctor.zone)
    form = walking.hold(clinic_client, slot)
    pages = {"form": clinic_client.get(form)}
    done = clinic_client.post(form, walking.GUEST)["Location"]
    pages["visit"] = clinic_client.get(done)
    pages["move"] = clinic_client.post(f"{done}move/", {"slot": str(other.pk)})

    wrong = f"{day - timedelta(days=1):%A}"
    assert [
        name for name, page in pages.items() if wrong in page.content.decode()
    ] == []


def test_the_list_of_past_visits_names_the_doctors_day(clinic_client):
    """Scenario 22: a viewer one day away is shown the wrong date.

    Easy!Appointments #961; Nextcloud calendar #6407.
    """
    slot, *_ = make.slots(make.doctor(timezone="Pacific/Auckland"))
    user = make.user()
    visit = book(slot, patient=make.patient(user=user))
    day = visit.local_start
    with time_machine.travel(visit.end + timedelta(hours=1), tick=False):
        clinic_client.force_login(user)
        past = clinic_client.get("/appointments/").content.decode()

    assert f">{day.day} {day:%b %Y}, 09:00<" in past


def test_alternatives_on_another_day_name_the_doctors_day(clinic_client, stranger):
    """Scenario 22: a viewer one day away is shown the wrong date.

    Easy!Appointments #961; Nextcloud calendar #6407.
    """
    doctor = make.doctor(timezone="Pacific/Auckland")
    (slot,) = make.slots(doctor, number=1)
    (later,) = make.slots(doctor, start=slot.start + timedelta(days=1), number=1)
    walking.book(clinic_client, slot)

    refused = walking.choose(stranger, slot).content.decode()

    nearest = refused[refused.index("Nearest free") :].split("</div>")[0]
    day = later.start.astimezone(doctor.zone)
    assert f"{day:%a} {day.day} {day:%b}" in nearest


def test_a_second_clock_that_is_on_another_day_says_which(clinic_client):
    """Scenario 22: a viewer one day away is shown the wrong date.

    Easy!Appointments #961; Nextcloud calendar #6407. Only the hour of the viewer's own
    clock is shown, beside the doctor's day.
    """
    slot, *_ = make.slots(make.doctor(timezone="Pacific/Auckland"))
    clinic_client.cookies["tz"] = "Pacific%2FHonolulu"
    theirs = slot.start.astimezone(slot.doctor.zone) - timedelta(days=1)  # Sunday there

    day = clinic_client.get(f"{walking.day_of(slot)}&clock=mine").content.decode()
    form = clinic_client.get(walking.hold(clinic_client, slot)).content.decode()

    button = day[day.index(f'id="slot-{slot.pk}"') :].split("</li>")[0]
    device = form[form.index("Your device shows") :].split("</small>")[0]
    assert f"{theirs:%a}" in button
    assert f"{theirs:%a}" in device
