"""Delivery at least once: refusals, pauses, giving up, files, order."""

import stat
from datetime import timedelta
from email import message_from_bytes

import pytest
from django.core.mail import EmailMessage

from bookings import locking
from bookings.models import OutboxMessage
from bookings.outbox import deliver
from bookings.outbox.backend import EmlFileBackend
from bookings.tests import make
from bookings.tests.outbox.booking import book, cancel


@pytest.fixture(autouse=True)
def _open_rules(clinic):
    make.practice()


def test_a_refused_message_is_sent_again_after_a_pause(mailbox):
    book()
    now = locking.clock()
    mailbox.answer = "451 Try later"

    assert deliver.send_waiting(now=now) == 0
    row = OutboxMessage.objects.get()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.due_at == now + timedelta(seconds=5)
    assert row.last_error == "SMTPDataError 451"

    mailbox.answer = "250 OK"
    assert deliver.send_waiting(now=now + timedelta(seconds=4)) == 0
    assert deliver.send_waiting(now=now + timedelta(seconds=5)) == 1
    row.refresh_from_db()
    assert (row.state, row.last_error) == ("sent", "")


def test_after_the_last_attempt_it_is_given_up_and_says_why_without_names(
    mailbox, caplog
):
    book(patient=make.new_patient(name="Canaryname", email="canary@mail.example"))
    mailbox.answer = "550 canary@mail.example is unknown here"
    moment = locking.clock()

    for pause in [*deliver.PAUSES, timedelta()]:
        deliver.send_waiting(now=moment)
        moment += pause

    row = OutboxMessage.objects.get()
    assert row.state == "dead"
    assert row.attempts == len(deliver.PAUSES) + 1
    assert row.last_error == "SMTPDataError 550"
    assert deliver.send_waiting(now=moment + timedelta(days=9)) == 0
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("bookings")]
    assert "given up" in ours[-1]
    assert "canary" not in "".join(ours).lower()


def test_no_mail_server_at_all_is_a_pause_too(mailbox, settings):
    settings.EMAIL_PORT = 1
    book()

    deliver.send_waiting()

    assert OutboxMessage.objects.get().last_error == "ConnectionRefusedError 111"


def test_one_bad_message_does_not_hold_up_the_others(mailbox):
    bad = book(patient=make.new_patient(email="bad@mail.example\nBcc: x@mail.example"))
    book(patient=make.new_patient(email="good@mail.example"))

    assert deliver.send_waiting() == 1

    assert mailbox.recipients == [["good@mail.example"]]
    assert OutboxMessage.objects.get(change__appointment=bad).state == "waiting"


def test_a_later_change_waits_for_the_message_about_the_earlier_one(mailbox):
    appointment = book()
    now = locking.clock()
    mailbox.answer = "451 Try later"
    deliver.send_waiting(now=now)
    cancel(appointment)
    mailbox.answer = "250 OK"

    assert deliver.send_waiting(now=now + timedelta(seconds=4)) == 0
    assert deliver.send_waiting(now=now + timedelta(seconds=60)) == 2

    assert [m["X-Booking-Event"] for m in mailbox.messages] == ["booked", "cancelled"]


def test_development_mail_is_a_file_that_only_its_owner_reads(tmp_path):
    folder = tmp_path / "mail"
    backend = EmlFileBackend(file_path=folder)

    sent = backend.send_messages(
        [EmailMessage(f"Number {n}", "Hello", to=["elif@mail.example"]) for n in (1, 2)]
    )

    files = sorted(folder.iterdir())
    assert sent == len(files) == 2
    assert {f.suffix for f in files} == {".eml"}
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    subjects = [message_from_bytes(f.read_bytes())["Subject"] for f in files]
    assert subjects == ["Number 1", "Number 2"]


def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")

    with pytest.raises(OSError, match="file"):
        EmlFileBackend(file_path=blocked).send_messages(
            [EmailMessage("Hello", "Hello", to=["elif@mail.example"])]
        )
