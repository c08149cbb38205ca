"""What the mails of a visit say, as files that a mail program would open."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bookings.actions import appointments
from bookings.models import Appointment
from bookings.tests import make
from bookings.tests.field.stage import ADA, book, link_to
from bookings.tests.outbox.mailbox import event_of, part, read_event, text_of

PAGE = Appointment.Via.PAGE


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Asia/Tokyo", "09:00 Tokyo time"),
        ("America/New_York", "09:00 New York time"),
        ("Asia/Kathmandu", "09:00 Kathmandu time"),
    ],
)
def test_what_staff_book_is_mailed_in_the_time_of_the_place(
    reception, post, zone, said
):
    """Scenario 23: a booking made by staff is mailed in UTC, or without naming a zone.

    Easy!Appointments #1504, #985 (UTC); Thunderbird Appointment #316 (no label).
    """
    slot, *_ = make.slots(make.doctor(timezone=zone))
    service = slot.doctor.default_service
    asked = f"?doctor={slot.doctor_id}&service={service.pk}&day={slot.day}"
    person = {"who": "new", "name": "Hana Novak", "email": "hana@mail.example"}
    reception.post(f"/admin/book/{asked}", {"slot": slot.pk} | person)

    (message,) = post()

    html = part(message, "text/html").get_content()
    for told in (message["Subject"], text_of(message), html):
        assert said in " ".join(told.split())
        assert f"{slot.start:%H:%M}" not in told
        assert not re.search(r"[\s(>]UTC", told)
    assert message["To"] == "hana@mail.example"


def test_what_the_desks_program_books_and_moves_is_mailed_alike(desk, post):
    """Scenario 23: a booking made by staff is mailed in UTC, or without naming a zone.

    Easy!Appointments #1504, #985; Thunderbird Appointment #316.
    """
    first, second, *_ = make.slots(make.doctor(timezone="Asia/Tokyo"))
    wish = {"slot": str(first.pk), "patient": ADA}
    made = desk.post("appointments/", wish).json()["id"]
    desk.post(f"appointments/{made}/reschedule/", {"slot": str(second.pk)})
    desk.post(f"appointments/{made}/cancel/")

    said = [text_of(message) for message in post()]

    assert [("09:00 Tokyo time" in each) for each in said] == [True, False, False]
    assert [("09:20 Tokyo time" in each) for each in said] == [False, True, True]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/London", date(2027, 3, 28)),
        ("Europe/London", date(2027, 10, 31)),
        ("America/New_York", date(2027, 3, 14)),
        ("America/New_York", date(2027, 11, 7)),
    ],
)
def test_the_calendar_file_is_not_an_hour_off_when_clocks_change(
    stranger, post, zone, day
):
    """Scenario 24: the calendar file is an hour off under DST.

    Easy!Appointments #962, #1314. The visit is moved across the night of the change.
    """
    doctor = make.doctor(timezone=zone)
    now = make.at(doctor, day - timedelta(days=3), time(12))
    saturday, sunday = (
        make.slots(doctor, start=make.at(doctor, each, time(9)), number=1)[0]
        for each in (day - timedelta(days=1), day)
    )
    visit = book(saturday, now=now)
    appointments.reschedule(
        appointment_id=visit.pk, slot_id=sunday.pk, by=None, via=PAGE, now=now
    )

    booked, moved = (event_of(message) for message in post(now))
    opened = read_event(stranger.get(link_to(visit, "calendar.ics")).content)

    for event, on in ((booked, day - timedelta(days=1)), (moved, day), (opened, day)):
        start, end = event["DTSTART"].dt, event["DTEND"].dt
        assert start.astimezone(ZoneInfo(zone)) == datetime.combine(
            on, time(9), tzinfo=ZoneInfo(zone)
        )
        assert start.utcoffset() is not None  # no floating time
        assert end - start == timedelta(minutes=20)


def test_a_calendar_file_says_the_hour_of_each_pass_of_a_repeated_hour(post):
    """Scenario 24: the calendar file is an hour off under DST.

    Easy!Appointments #962, #1314.
    """
    doctor = make.doctor()
    first = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)  # 01:30, summer time
    second = first + timedelta(hours=1)  # 01:30, winter time
    for start in (first, second):
        slot, *_ = make.slots(doctor, start=start, number=1)
        book(slot, now=first - timedelta(days=2))

    messages = post(now=first)

    assert {event_of(message)["DTSTART"].dt for message in messages} == {first, second}
    for message, offset in zip(messages, ("+01:00", "+00:00"), strict=True):
        assert f"01:30 London time (UTC{offset})" in text_of(message)


def test_a_patients_move_is_told_once_and_as_a_move(stranger, post):
    """Scenario 33: a move fires the wrong event.

    cal.com #21169.
    """
    day = make.slots(make.doctor())
    visit = book(day[0])
    post()
    stranger.post(link_to(visit, "move/"), {"slot": str(day[3].pk), "sure": "1"})

    check_moved(post(), visit, day[3])


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_move_by_staff_does_not_look_like_a_cancellation(desk, post, elsewhere):
    """Scenario 33: a move by the host looks like a final cancellation.

    cal.com #28543, #21169. The same when it goes to another doctor.
    """
    day = make.slots(make.doctor())
    visit = book(day[0])
    colleague = make.doctor(services=[day[0].doctor.default_service])
    slot = make.slots(colleague)[3] if elsewhere else day[3]
    post()
    desk.post(f"appointments/{visit.pk}/reschedule/", {"slot": str(slot.pk)})

    check_moved(post(), visit, slot)


def check_moved(messages, visit, slot):
    (message,) = messages
    (event, calendar) = event_of(message), part(message, "text/calendar")
    assert message["X-Booking-Event"] == "moved"
    assert message["X-Booking-Reference"] == visit.reference
    assert "has moved" in message["Subject"]
    assert "cancelled" not in text_of(message)
    assert calendar.get_param("method") == "PUBLISH"
    assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", 1)
    assert event["DTSTART"].dt == slot.start
    assert [each.kind for each in visit.history.all()] == ["booked", "moved"]
    visit.refresh_from_db()
    assert visit.status == "booked"
