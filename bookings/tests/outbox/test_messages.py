"""What a patient gets by mail, read from a real SMTP server."""

import copy
from datetime import UTC, datetime, timedelta

import pytest

from bookings.actions import appointments
from bookings.interop import ical, links
from bookings.models import Appointment, OutboxMessage
from bookings.outbox import deliver
from bookings.tests import make
from bookings.tests.outbox.booking import PAGE, a_day_before, book, cancel, slot_at
from bookings.tests.outbox.mailbox import event_of, part, read_event, text_of
from tenants.context import clinic_context


@pytest.fixture(autouse=True)
def _open_rules(clinic):
    make.practice()


def as_if(clinic, **differences):
    """Work for a clinic that is like `clinic`, but for some fields."""
    other = copy.copy(clinic)
    for name, value in differences.items():
        setattr(other, name, value)
    return clinic_context(other)


def test_a_booking_sends_one_message_that_says_what_where_and_when(mailbox, clinic):
    patient = make.new_patient(name="Elif Kaya", email="elif@mail.example")
    appointment = book(patient=patient, reason="Sore throat")

    assert deliver.send_waiting() == 1
    assert deliver.send_waiting() == 0

    (message,) = mailbox.messages
    row = OutboxMessage.objects.get()
    assert mailbox.recipients == [["elif@mail.example"]]
    assert message["From"] == f"{clinic.name} <appointments@localhost>"
    assert message["Message-ID"] == f"<{row.pk}@riverside.localhost>"
    assert message["X-Booking-Event"] == "booked"
    assert message["X-Booking-Reference"] == appointment.reference
    assert message["Auto-Submitted"] == "auto-generated"
    text = text_of(message)
    assert f"{appointment.local_start:%H:%M} London time" in text
    assert appointment.doctor.name in text
    assert "14 Mill Lane, London SE1 9PF" in text
    assert "020 7946 0118" in text
    assert links.appointment_url(appointment) in text
    assert row.state == "sent"
    assert row.sent_at is not None


def test_the_reason_for_the_visit_is_in_no_part_of_it(mailbox):
    appointment = book(reason="Canaryreason")
    appointments.cancel(
        appointment_id=appointment.pk,
        by=None,
        via=PAGE,
        as_staff=True,
        reason="Canarywhy",
    )

    deliver.send_waiting()

    for message in mailbox.messages:
        parts = [p.get_content() for p in message.walk() if not p.is_multipart()]
        everything = message.as_string() + "".join(parts)
        assert len(parts) == 3
        assert "Canary" not in everything


def test_the_calendar_file_agrees_with_the_appointment(mailbox):
    appointment = book()

    deliver.send_waiting()

    event = event_of(mailbox.messages[0])
    calendar_part = part(mailbox.messages[0], "text/calendar")
    assert calendar_part.get_param("method") == "PUBLISH"
    assert calendar_part.get_filename() == "appointment.ics"
    assert event["DTSTART"].dt == appointment.start
    assert event["DTEND"].dt == appointment.end
    assert event["LOCATION"] == "Main building, 14 Mill Lane, London SE1 9PF"
    assert event["SEQUENCE"] == 0
    assert event["STATUS"] == "CONFIRMED"
    assert "ATTENDEE" not in event


def test_moving_and_cancelling_keep_the_uid_and_raise_the_sequence(mailbox):
    first, second, *_ = make.slots(make.doctor())
    appointment = book(first)
    deliver.send_waiting()
    appointments.reschedule(
        appointment_id=appointment.pk, slot_id=second.pk, by=None, via=PAGE
    )
    deliver.send_waiting()
    cancel(appointment)
    deliver.send_waiting()

    events = [event_of(message) for message in mailbox.messages]
    assert len({event["UID"] for event in events}) == 1
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2]
    assert [event["DTSTART"].dt for event in events] == [
        first.start,
        second.start,
        second.start,
    ]
    assert [m["X-Booking-Event"] for m in mailbox.messages] == [
        "booked",
        "moved",
        "cancelled",
    ]
    last = part(mailbox.messages[2], "text/calendar")
    assert last.get_param("method") == "CANCEL"
    assert events[2]["STATUS"] == "CANCELLED"
    assert len({m["Message-ID"] for m in mailbox.messages}) == 3


def test_a_late_message_tells_its_own_change_and_that_another_follows(mailbox):
    first, second, *_ = make.slots(make.doctor())
    appointment = book(first)
    appointments.reschedule(
        appointment_id=appointment.pk, slot_id=second.pk, by=None, via=PAGE
    )

    deliver.send_waiting()

    booked, moved = mailbox.messages
    assert event_of(booked)["DTSTART"].dt == first.start
    assert event_of(booked)["SEQUENCE"] == 0
    assert "another message about that follows" in text_of(booked)
    assert event_of(moved)["DTSTART"].dt == second.start
    assert "follows" not in text_of(moved)


def test_the_file_of_an_appointment_does_not_change_between_two_looks():
    appointment = book()

    assert ical.calendar_of(appointment) == ical.calendar_of(appointment)
    cancelled = cancel(appointment)
    event = read_event(ical.calendar_of(cancelled))
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)


@pytest.mark.parametrize(
    ("start", "zone", "said"),
    [
        # The days on which London and New York change their clocks, and one between.
        (
            datetime(2027, 3, 28, 8, 0, tzinfo=UTC),
            "Europe/London",
            "28 March 2027, 09:00 London time",
        ),
        (
            datetime(2027, 10, 31, 9, 0, tzinfo=UTC),
            "Europe/London",
            "31 October 2027, 09:00 London time",
        ),
        (
            datetime(2027, 3, 14, 13, 0, tzinfo=UTC),
            "America/New_York",
            "14 March 2027, 09:00 New York time",
        ),
        # 01:30 twice in one night: only the offset tells them apart.
        (
            datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
            "Europe/London",
            "31 October 2027, 01:30 London time (UTC+01:00)",
        ),
        (
            datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
            "Europe/London",
            "31 October 2027, 01:30 London time (UTC+00:00)",
        ),
    ],
)
def test_text_and_calendar_agree_when_clocks_change(mailbox, start, zone, said):
    slot = slot_at(start, zone)
    book(slot, now=a_day_before(slot))

    deliver.send_waiting(now=slot.start)

    (message,) = mailbox.messages
    assert said in text_of(message)
    assert said in message["Subject"]
    assert event_of(message)["DTSTART"].dt == start


def test_americans_read_the_date_and_the_hour_their_way(mailbox):
    slot = slot_at(datetime(2027, 6, 3, 18, 20, tzinfo=UTC), "America/New_York")
    book(slot, now=a_day_before(slot), language="en-us")

    deliver.send_waiting(now=slot.start)

    assert "Thursday, June 3, 2027, 2:20 PM New York time" in text_of(
        mailbox.messages[0]
    )
    assert mailbox.messages[0]["Content-Language"] == "en-us"


def test_a_child_s_message_goes_to_the_guardian(mailbox):
    parent = make.patient(name="Elif Kaya", email="elif@mail.example")
    child = make.patient(name="Deniz Kaya", email="", guardian=parent)
    book(patient=child)

    deliver.send_waiting()

    assert mailbox.recipients == [["elif@mail.example"]]
    assert "Deniz Kaya is booked." in text_of(mailbox.messages[0])


def test_nobody_to_write_to_is_skipped(mailbox):
    book(patient=make.new_patient(email=""))

    assert deliver.send_waiting() == 0

    assert mailbox.messages == []
    assert OutboxMessage.objects.get().state == "skipped"


def test_names_cannot_add_headers_links_or_markup(mailbox, clinic):
    doctor = make.doctor(name="Amara\r\nX-Evil: 1 <b>O’Neil</b>")
    slots = make.slots(doctor)
    book(slots[0], patient=make.new_patient(name="Elif\r\nBcc: evil@mail.example"))
    book(slots[1], patient=make.new_patient(name="Win at http://evil.example"))
    book(slots[2], patient=make.new_patient(name="Tom & 'Jerry' \u202eKaya"))

    with as_if(clinic, name="Riverside\r\nBcc: evil@mail.example"):
        deliver.send_waiting()

    for message in mailbox.messages:
        assert message["Bcc"] is None
        assert message["X-Evil"] is None
        assert "<b>O" not in part(message, "text/html").get_content()
        assert "http://evil" not in message.as_string()
    assert ["evil@mail.example"] not in mailbox.recipients
    assert {len(to) for to in mailbox.recipients} == {1}
    assert (
        "Tom &amp; &#x27;Jerry&#x27; Kaya"
        in part(mailbox.messages[2], "text/html").get_content()
    )


def test_a_link_opens_its_own_appointment_at_its_own_clinic_only(clinic):
    slots = make.slots(make.doctor())
    mine, other = book(slots[0]), book(slots[1])
    key = links.key_of(mine)

    assert links.opens(key, mine)
    assert not links.opens(key, other)
    assert not links.opens("\ud800", mine)
    with as_if(clinic, pk=other.pk):  # another one that took over address and rows
        assert not links.opens(key, mine)


def test_what_the_demo_data_books_is_written_to_nobody(mailbox):
    slot, *_ = make.slots(make.doctor())
    appointments.book(
        slot_id=slot.pk,
        patient=make.new_patient(),
        by=None,
        via=Appointment.Via.SEED,
        now=slot.start - timedelta(days=3),
    )

    assert deliver.send_waiting() == 0
    assert OutboxMessage.objects.get().state == "skipped"
