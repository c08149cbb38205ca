"""Mail that was given up: staff see it, and have it sent again."""

import pytest
from django.core import mail

from bookings import locking
from bookings.actions import appointments
from bookings.models import Appointment, Doctor, OutboxMessage
from bookings.outbox import deliver
from bookings.tests import make

LIST = "/admin/bookings/outboxmessage/"


@pytest.fixture
def letters(clinic):
    """Two messages; the first was given up."""
    make.practice()
    for slot in make.slots(make.doctor(), number=2):
        appointments.book(
            slot_id=slot.pk,
            patient=make.new_patient(),
            by=None,
            via=Appointment.Via.PAGE,
        )
    first, second = OutboxMessage.objects.order_by("due_at", "id")
    OutboxMessage.objects.filter(pk=first.pk).update(state="dead", attempts=12)
    OutboxMessage.objects.filter(pk=second.pk).update(state="sent", attempts=1)
    return first, second


def test_the_overview_counts_what_was_given_up(letters, reception):
    figures = reception.get("/admin/").context["figures"]
    (figure,) = [each for each in figures if each["name"] == "Messages given up"]
    assert (figure["number"], figure["bad"]) == (1, True)
    page = reception.get(figure["address"]).content.decode()
    assert letters[0].change.appointment.reference in page
    assert letters[1].change.appointment.reference not in page


def test_sent_again_it_leaves_and_the_others_do_not(letters, reception):
    data = {"action": "send_again", "_selected_action": [each.pk for each in letters]}
    said = reception.post(LIST, data, follow=True).content.decode()
    assert "1 message is sent again." in said
    assert "The others were not given up." in said

    assert deliver.send_waiting(now=locking.clock()) == 1
    (sent,) = mail.outbox
    assert letters[0].change.appointment.patient.email in sent.to
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"sent"}


def test_a_doctor_does_not_send(letters, as_):
    browser = as_("doctor")
    Doctor.objects.update(user=browser.user)
    data = {"action": "send_again", "_selected_action": [letters[0].pk]}
    browser.post(LIST, data)
    assert OutboxMessage.objects.filter(state="dead").count() == 1
