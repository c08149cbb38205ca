"""One doctor's day."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from bookings.actions import holds
from bookings.live.consumers import MOST_DAYS
from bookings.models import Doctor, Slot
from bookings.tests import make
from bookings.tests.pages import walking


def test_a_day_shows_its_parts_by_the_doctors_clock(clinic_client: Client):
    doctor = make.doctor(timezone="America/New_York")
    day = make.next_week(doctor)
    for hour in (9, 13, 18):
        make.slots(doctor, start=make.at(doctor, day, time(hour)), number=1)

    page = clinic_client.get(f"/doctors/{doctor.slug}/?date={day}")

    parts = page.context["page"].parts
    assert [(p.key, p.slots[0].clock) for p in parts] == [
        ("am", "09:00"),
        ("pm", "13:00"),
        ("eve", "18:00"),
    ]


def test_each_state_looks_its_own(clinic_client: Client, slots: list[Slot]):
    free, held, blocked, taken = slots[:4]
    holds.place(slot_id=held.pk, holder="somebody else")
    Slot.objects.filter(pk=blocked.pk).update(blocked_by="desk")
    walking.book(clinic_client, taken)

    page = clinic_client.get(walking.day_of(free)).content.decode()

    assert f'id="slot-{free.pk}" data-status="free"' in page
    assert f'id="slot-{held.pk}" data-status="held"' in page
    assert f'id="slot-{taken.pk}" data-status="booked"' in page
    assert f"slot-{blocked.pk}" not in page
    assert f'name="slot" value="{held.pk}"' not in page


def test_a_free_time_that_is_too_short_is_quiet(clinic_client: Client):
    long = make.service(minutes=40, slug="long")
    doctor = make.doctor(services=[make.service(), long])
    last = make.slots(doctor, number=3)[-1]

    page = clinic_client.get(walking.day_of(last) + "&service=long").content.decode()

    assert f'value="{last.pk}"' not in page
    assert "Too short" in page


def test_my_own_hold_is_mine_and_others_see_it_on_hold(
    clinic_client: Client, stranger: Client, slots: list[Slot]
):
    walking.hold(clinic_client, slots[0])

    mine = clinic_client.get(walking.day_of(slots[0])).content.decode()
    theirs = stranger.get(walking.day_of(slots[0])).content.decode()

    assert f'data-slots="{slots[0].pk}"' in mine
    assert f'name="continue" value="{slots[0].pk}"' in mine
    assert "data-mine" not in theirs
    assert "On hold" in theirs


def test_a_day_without_times_names_the_next_and_a_colleague(
    clinic_client: Client, doctor: Doctor
):
    colleague = make.doctor(services=list(doctor.services.all()), name="Rahul Menon")
    day = make.next_week(doctor)
    make.slots(colleague)
    make.slots(doctor, start=make.at(doctor, day + timedelta(days=2), time(9)))

    page = clinic_client.get(f"/doctors/{doctor.slug}/?date={day}").content.decode()

    assert "Nothing is free on this day" in page
    assert f"date={day + timedelta(days=2)}" in page
    assert "Dr Rahul Menon has 6 free from 09:00" in page
    assert "Call 020 7946 0118" in page


def test_without_a_date_the_first_day_with_times_is_shown(
    clinic_client: Client, slots: list[Slot]
):
    page = clinic_client.get(f"/doctors/{slots[0].doctor.slug}/")

    assert page.context["page"].on == make.next_week(slots[0].doctor)


def test_a_past_day_becomes_today(clinic_client: Client, doctor: Doctor):
    page = clinic_client.get(f"/doctors/{doctor.slug}/?date=2001-01-01")

    assert page.status_code == 200
    assert page.context["page"].on == datetime.now(doctor.zone).date()


def test_a_past_day_says_that_it_is_over(clinic_client: Client, doctor: Doctor):
    page = clinic_client.get(f"/doctors/{doctor.slug}/?date=2001-01-01")

    assert "That day is over. Here is today." in page.content.decode()


@pytest.mark.parametrize("raw", ["9999-12-31", "2099-01-01"])
def test_a_day_too_far_ahead_is_said_and_times_are_shown(
    clinic_client: Client, slots: list[Slot], raw: str
):
    page = clinic_client.get(f"/doctors/{slots[0].doctor.slug}/", {"date": raw})

    assert page.status_code == 400
    assert "We look two years ahead at most" in page.content.decode()
    assert f'id="slot-{slots[0].pk}"' in page.content.decode()


@pytest.mark.parametrize(
    "raw", ["tomorrow", "2026-02-30", "2026-1-1", "1" * 5000, "24:00"]
)
def test_an_unreadable_date_is_said_and_times_are_shown(
    clinic_client: Client, slots: list[Slot], raw: str
):
    page = clinic_client.get(f"/doctors/{slots[0].doctor.slug}/", {"date": raw})

    assert page.status_code == 400
    assert "We could not read the date" in page.content.decode()
    assert f'id="slot-{slots[0].pk}"' in page.content.decode()


def test_both_clocks_are_shown_when_asked_for(clinic_client: Client, slots: list[Slot]):
    clinic_client.cookies["tz"] = "Asia%2FTokyo"
    day = walking.day_of(slots[0])

    one, both = clinic_client.get(day), clinic_client.get(f"{day}&clock=mine")

    with_zone = slots[0].start.astimezone(ZoneInfo("Asia/Tokyo"))
    assert "ahead" in one.content.decode()
    assert f"<small>{with_zone:%H:%M}</small>" in both.content.decode()


def test_a_doctor_elsewhere_is_shown_on_the_clock_of_the_place(clinic_client: Client):
    doctor = make.doctor(timezone="America/New_York")
    slot = make.slots(doctor)[0]
    clinic_client.cookies["tz"] = "Europe%2FBerlin"

    page = clinic_client.get(walking.day_of(slot)).content.decode()

    assert "Clinic time, New York." in page
    assert f'datetime="{slot.start.astimezone(doctor.zone).isoformat()}">09:00<' in page
    assert "clock=mine" in page
    assert "Show both" in page


@pytest.mark.parametrize("zone", ["../../etc/passwd", "http://x", "", "%00", "ü"])
def test_a_zone_that_is_none_is_not_asked_about(
    clinic_client: Client, slots: list[Slot], zone: str
):
    day = walking.day_of(slots[0])
    answer = clinic_client.get(f"{day}&clock=mine", {"clock": "mine", "tz": zone})

    assert answer.status_code == 200
    assert 'name="tz"' in answer.content.decode()


def test_the_fragment_is_sent_again_only_after_a_change(
    clinic_client: Client, slots: list[Slot]
):
    headers = {"HX-Request": "true"}
    day = walking.day_of(slots[0])
    with time_machine.travel(datetime.now(UTC).replace(second=1), tick=False):
        first = clinic_client.get(day, headers=headers)
        headers["If-None-Match"] = first["ETag"]
        again = clinic_client.get(day, headers=headers)
        holds.place(slot_id=slots[0].pk, holder="somebody else")
        changed = clinic_client.get(day, headers=headers)

    assert first.content.decode().lstrip().startswith('<div class="times')
    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200
    assert "no-store" in clinic_client.get(day)["Cache-Control"]
    assert "HX-Request" in first["Vary"]


def test_a_booking_changes_the_fragment(
    clinic_client: Client, stranger: Client, slots: list[Slot]
):
    headers = {"HX-Request": "true"}
    day = walking.day_of(slots[0])
    with time_machine.travel(datetime.now(UTC).replace(second=1), tick=False):
        headers["If-None-Match"] = clinic_client.get(day, headers=headers)["ETag"]
        walking.book(stranger, slots[0])
        changed = clinic_client.get(day, headers=headers)

    assert changed.status_code == 200
    assert f'id="slot-{slots[0].pk}" data-status="booked"' in changed.content.decode()


def test_times_offered_for_a_later_week_are_live_too(
    clinic_client: Client, doctor: Doctor
):
    day = make.next_week(doctor)
    later = make.slots(doctor, start=make.at(doctor, day + timedelta(days=9), time(9)))
    headers = {"HX-Request": "true"}
    url = f"/doctors/{doctor.slug}/?date={day}"
    with time_machine.travel(datetime.now(UTC).replace(second=1), tick=False):
        first = clinic_client.get(url, headers=headers)
        headers["If-None-Match"] = first["ETag"]
        holds.place(slot_id=later[0].pk, holder="somebody else")
        changed = clinic_client.get(url, headers=headers)

    assert f'id="slot-{later[0].pk}"' in first.content.decode()
    assert f"to={day + timedelta(days=9)}" in first.content.decode()
    assert changed.status_code == 200


def test_no_page_watches_more_days_than_a_socket_gives(
    clinic_client: Client, doctor: Doctor
):
    make.practice(horizon_days=730)
    last = datetime.now(doctor.zone).date() + timedelta(days=6)
    make.slots(doctor, start=make.at(doctor, last + timedelta(days=60), time(9)))

    page = clinic_client.get(f"/doctors/{doctor.slug}/?date={last}").content.decode()

    shown = re.search(r"from=([0-9-]+)&amp;to=([0-9-]+)", page)
    assert shown is not None
    first, end = (date.fromisoformat(each) for each in shown.groups())
    assert "Next day with times" in page
    assert (end - first).days == MOST_DAYS - 1


def test_a_hold_that_lapses_changes_the_fragment_without_a_write(
    clinic_client: Client, slots: list[Slot]
):
    headers = {"HX-Request": "true"}
    day = walking.day_of(slots[0])
    holds.place(slot_id=slots[0].pk, holder="somebody else")
    start = datetime.now(UTC).replace(second=10)
    Slot.objects.filter(pk=slots[0].pk).update(held_until=start + timedelta(seconds=5))
    with time_machine.travel(start, tick=False):
        headers["If-None-Match"] = clinic_client.get(day, headers=headers)["ETag"]
    with time_machine.travel(start + timedelta(seconds=6), tick=False):
        after = clinic_client.get(day, headers=headers)

    assert after.status_code == 200
    assert f'id="slot-{slots[0].pk}" data-status="free"' in after.content.decode()


def test_an_unknown_or_idle_doctor_is_not_found(clinic_client: Client, doctor: Doctor):
    Doctor.objects.filter(pk=doctor.pk).update(is_active=False)

    assert clinic_client.get(f"/doctors/{doctor.slug}/").status_code == 404
    assert clinic_client.get("/doctors/nobody/").status_code == 404
