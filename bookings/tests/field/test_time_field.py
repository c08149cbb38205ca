"""Clocks that change, doctors who are a day away, shifts that end tomorrow."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine

from bookings import agenda
from bookings.actions import slots
from bookings.errors import NotOfferedError
from bookings.models import Appointment, Slot
from bookings.tests import make
from bookings.tests.field.stage import book, ids, link_to, offered
from bookings.tests.pages import walking
from bookings.tests.test_races import no_overlaps

LONDON, NEW_YORK = "Europe/London", "America/New_York"
CHANGES = [
    pytest.param(LONDON, date(2027, 3, 28), id="London, spring"),
    pytest.param(LONDON, date(2027, 10, 31), id="London, autumn"),
    pytest.param(NEW_YORK, date(2027, 3, 14), id="New York, spring"),
    pytest.param(NEW_YORK, date(2027, 11, 7), id="New York, November"),
]


def published(zone, opens, closes, *, now, minutes=20):
    """A doctor with the same hours on every weekday, published at an instant."""
    doctor = make.doctor(timezone=zone)
    for weekday in range(7):
        make.hours(
            doctor, weekday=weekday, opens=opens, closes=closes, slot_minutes=minutes
        )
    slots.publish([doctor], now=now)
    return doctor


def before(day, zone, *, days=4):
    """Noon, some days before, on the clock of the zone."""
    noon = datetime.combine(day - timedelta(days=days), time(12), tzinfo=ZoneInfo(zone))
    return noon.astimezone(UTC)


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_an_afternoon_is_offered_on_its_own_hours_when_clocks_change(
    clinic_client, guest, zone, day
):
    """Scenario 20: on a DST day a schedule of 13:00 to 18:00 is offered 14:00 to 19:00.

    cal.com #30021.
    """
    now = before(day, zone)
    doctor = published(zone, time(13), time(18), now=now, minutes=60)

    with time_machine.travel(now, tick=False):
        page = clinic_client.get(f"/doctors/{doctor.slug}/?date={day}")
        starts = offered(guest, day, service=doctor.default_service_id)

    shown = [view.clock for view in page.context["page"].slots]
    given = [
        slot.start.astimezone(doctor.zone)
        for slot in Slot.objects.in_bulk(starts).values()
    ]
    assert shown == ["13:00", "14:00", "15:00", "16:00", "17:00"]
    assert [f"{start:%d %H:%M}" for start in sorted(given)] == [
        f"{day:%d} {clock}" for clock in shown
    ]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_every_day_around_a_change_is_booked_at_the_time_that_was_shown(zone, day):
    """Scenario 21: only the weeks of a clock change are wrong.

    cal.com #6217 (transition weeks), #10517 (only November), #1092 (the right slot,
    the booking an hour early).
    """
    now = before(day, zone)
    doctor = published(zone, time(9), time(9, 40), now=now)
    days = [day + timedelta(days=n) for n in range(-3, 5)]

    for each in days:
        shown = agenda.day(doctor, each, service=doctor.default_service, now=now)
        assert [view.clock for view in shown] == ["09:00", "09:20"]
        visit = book(shown[0].slot, now=now)
        assert visit.start == shown[0].start == make.at(doctor, each, time(9))
        assert (visit.wall_start, visit.zone) == (f"{each}T09:00", zone)
        assert visit.end - visit.start == timedelta(minutes=20)
    assert no_overlaps()


@pytest.mark.parametrize(
    ("day", "now", "first"),
    [
        # 24 hours after 09:30 in summer are 08:30 in winter, and the other way round.
        (date(2027, 11, 7), datetime(2027, 11, 6, 13, 30, tzinfo=UTC), "08:40"),
        (date(2027, 3, 14), datetime(2027, 3, 13, 14, 30, tzinfo=UTC), "10:40"),
    ],
)
def test_notice_that_ends_on_the_day_of_a_change_is_counted_in_hours(day, now, first):
    """Scenario 21: the notice is wrong when it ends on the day of a clock change.

    cal.com #12137.
    """
    make.practice(notice_minutes=24 * 60)
    doctor = published(NEW_YORK, time(8), time(12), now=now)

    views = agenda.day(doctor, day, service=doctor.default_service, now=now)
    free = [view for view in views if view.can_start]
    too_soon = views[views.index(free[0]) - 1]

    assert free[0].clock == first
    with pytest.raises(NotOfferedError) as refused:
        book(too_soon.slot, now=now)
    assert refused.value.reason == "notice"
    assert book(free[0].slot, now=now)


def test_the_day_is_the_doctors_for_a_viewer_who_is_a_day_behind(clinic_client, guest):
    """Scenario 22: a viewer one day away is shown the wrong date.

    Easy!Appointments #961; Nextcloud calendar #6407.
    """
    now = datetime(2027, 6, 1, 12, 30, tzinfo=UTC)  # 2 June, 00:30 in Auckland
    doctor = published("Pacific/Auckland", time(9), time(10), now=now)
    clinic_client.cookies["tz"] = "Pacific%2FHonolulu"  # 1 June, 02:30
    path = f"/doctors/{doctor.slug}/"

    with time_machine.travel(now, tick=False):
        unasked, yesterday, asked = (
            clinic_client.get(path + query)
            for query in ("", "?date=2027-06-01", "?date=2027-06-03&clock=mine")
        )

    for page, day in ((unasked, 2), (yesterday, 2), (asked, 3)):
        nine = f"2027-06-{day:02}T09:00:00+12:00"
        assert page.context["page"].on == date(2027, 6, day)
        assert f'<time datetime="{nine}">09:00</time>' in page.content.decode()
        assert "June</h2>" in page.content.decode()
    assert "Thursday 3 June" in asked.content.decode()


def test_what_is_chosen_a_day_ahead_is_booked_on_that_day(clinic_client, stranger):
    """Scenario 22: a viewer one day away gets the wrong date.

    Easy!Appointments #961; Nextcloud calendar #6407.
    """
    doctor = make.doctor(timezone="Pacific/Auckland")
    slot, *_ = make.slots(doctor)  # still yesterday in Honolulu, and in London
    clinic_client.cookies["tz"] = "Pacific%2FHonolulu"
    nine = slot.start.astimezone(doctor.zone)

    answer = walking.book(clinic_client, slot)
    shown = clinic_client.get(answer["Location"]).content.decode()
    again = stranger.get(walking.day_of(slot)).content.decode()

    visit = Appointment.objects.get()
    assert visit.wall_start == f"{nine:%Y-%m-%d}T09:00"
    assert f'datetime="{nine.isoformat()}">09:00<' in shown
    assert f'id="slot-{slot.pk}" data-status="booked"' in again


def test_after_a_change_of_zone_a_visit_moves_and_no_other_does(stranger, guest):
    """Scenario 25: a doctor's change of zone breaks rescheduling, or allows duplicates.

    Easy!Appointments #1789 (rescheduling), #1168 (duplicates).
    """
    make.practice(horizon_days=13)
    now = datetime.now(UTC)
    doctor = published(LONDON, time(9), time(11), now=now, minutes=40)
    day = make.next_week(doctor)
    visit, other = (book(slot) for slot in Slot.objects.filter(day=day)[:2])
    doctor.timezone = "Europe/Berlin"
    doctor.save()

    slots.publish([doctor])
    times = stranger.get(f"{link_to(visit, 'move/')}&date={day}")
    free = [view for view in times.context["page"].slots if view.can_start]
    sent = {"slot": str(free[-1].id), "sure": "1"}
    moved = stranger.post(link_to(visit, "move/"), sent)

    visit.refresh_from_db()
    assert (times.status_code, moved.status_code) == (200, 302)
    assert (visit.start, visit.zone) == (free[-1].slot.start, "Europe/Berlin")
    before_ = (other.start, other.end, other.wall_start, other.zone)
    other.refresh_from_db()
    assert (other.start, other.end, other.wall_start, other.zone) == before_
    for slot in offered(guest, day, service=doctor.default_service_id):
        assert book(Slot.objects.get(pk=slot))
    assert no_overlaps()


def test_after_a_change_of_zone_no_open_time_lies_across_a_booked_one(guest):
    """Scenario 25: setting the zone allows duplicates.

    Easy!Appointments #1168. 40 minutes in Berlin begin in the middle of 40 in London.
    """
    make.practice(horizon_days=13)
    doctor = published(LONDON, time(9), time(11), now=datetime.now(UTC), minutes=40)
    day = make.next_week(doctor)
    slot = Slot.objects.filter(day=day)[0]
    visit = book(slot)
    doctor.timezone = "Europe/Berlin"
    doctor.save()

    slots.publish([doctor])

    wanted = offered(guest, day, service=doctor.default_service_id)
    open_ = [*Slot.objects.filter(pk__in=wanted), slot]
    assert len(open_) > 1
    assert all(
        a.end <= b.start for a, b in pairwise(sorted(open_, key=lambda s: s.start))
    )
    visit.refresh_from_db()
    assert f"{visit.local_start:%H:%M}" == "09:00"


def test_a_shift_across_midnight_offers_its_last_quarter_and_its_first(
    clinic_client, guest
):
    """Scenario 26: shifts across midnight lose 23:45 to 24:00.

    cal.com #5587, #5929, #6054.
    """
    make.practice(horizon_days=13)
    half_hour = make.service(minutes=30)
    doctor = make.doctor(services=[half_hour])
    day = make.next_week(doctor)
    make.hours(
        doctor, weekday=day.weekday(), opens=time(22), closes=time(2), slot_minutes=15
    )
    slots.publish([doctor])

    def clocks(on):
        page = clinic_client.get(f"/doctors/{doctor.slug}/?date={on}")
        return [view.clock for view in page.context["page"].slots]

    tonight, tomorrow = clocks(day), clocks(day + timedelta(days=1))
    late = Slot.objects.get(start=make.at(doctor, day, time(23, 45)))
    assert (tonight[0], tonight[-1], len(tonight)) == ("22:00", "23:45", 8)
    assert (tomorrow[0], tomorrow[-1], len(tomorrow)) == ("00:00", "01:45", 8)
    assert ids([late])[0] == offered(guest, day, service=half_hour.pk)[-1]
    assert book(late).end == make.at(doctor, day + timedelta(days=1), time(0, 15))


@pytest.mark.parametrize("zone", [LONDON, NEW_YORK, "Asia/Kolkata"])
def test_a_shift_until_midnight_goes_on_until_midnight(guest, zone):
    """Scenario 26: shifts across midnight lose 23:45 to 24:00.

    cal.com #5587, #5929, #6054.
    """
    now = datetime(2027, 6, 1, 6, tzinfo=UTC)
    doctor = published(zone, time(20), time(0), now=now, minutes=15)

    of_a_day = agenda.day(
        doctor, date(2027, 6, 3), service=doctor.default_service, now=now
    )

    assert [view.clock for view in of_a_day][-1] == "23:45"
    assert len(of_a_day) == 16
