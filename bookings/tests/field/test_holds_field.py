"""Holding a time, going back, letting go; and taking again what was given up."""

import pytest

from bookings.actions import appointments, holds
from bookings.errors import HoldExpiredError, SlotHeldError
from bookings.models import Appointment, Hold, Patient
from bookings.tests import make
from bookings.tests.field.stage import ADA, book, link_to
from bookings.tests.pages import walking

PAGE = Appointment.Via.PAGE


@pytest.fixture
def day(clinic):
    """Six times of a doctor who offers 20 and 40 minutes."""
    del clinic
    services = [make.service(), make.service(minutes=40, slug="long")]
    return make.slots(make.doctor(services=services))


def test_after_going_back_my_own_hold_does_not_hide_the_time_from_me(
    clinic_client, day
):
    """Scenario 13: after "back", my own hold hides the slot from me.

    cal.com #20064, #18935.
    """
    form = walking.hold(clinic_client, day[0])

    page = clinic_client.get(walking.day_of(day[0])).content.decode()
    onward = clinic_client.get("/book/")
    pressed_again = walking.hold(clinic_client, day[0])
    booked = clinic_client.post(pressed_again, walking.GUEST)

    assert f'name="continue" value="{day[0].pk}"' in page
    assert "On hold" not in page.split("What the marks mean")[0]
    assert onward["Location"] == form
    assert clinic_client.get(booked["Location"]).status_code == 200
    assert Appointment.objects.get().start == day[0].start


def test_my_own_hold_is_not_in_the_way_of_a_longer_or_an_earlier_visit(
    clinic_client, day
):
    """Scenario 13: after "back", my own hold hides the slot from me.

    cal.com #20064, #18935. Here the new wish reaches into the time that is held.
    """
    walking.hold(clinic_client, day[1])
    longer = walking.hold(clinic_client, day[1], service="long")
    earlier = walking.hold(clinic_client, day[0], service="long")

    assert clinic_client.post(longer, walking.GUEST).status_code == 410
    assert clinic_client.post(earlier, walking.GUEST).status_code == 302
    visit = Appointment.objects.get()
    assert (visit.start, visit.end) == (day[0].start, day[1].end)


def test_a_time_that_a_move_gave_up_shows_free_and_can_be_held_at_once(
    clinic_client, stranger, day
):
    """Scenario 14: a slot freed by a move cannot be held, yet shows free.

    cal.com #21589.
    """
    visit = book(day[0])
    new = {"slot": str(day[3].pk), "sure": "1"}
    clinic_client.post(link_to(visit, "move/"), new)

    page = stranger.get(walking.day_of(day[0])).content.decode()
    booked = walking.book(stranger, day[0])

    assert f'name="slot" value="{day[0].pk}"' in page
    assert booked.status_code == 302
    assert {each.start for each in Appointment.objects.all()} == {
        day[0].start,
        day[3].start,
    }


def test_only_its_own_secret_lets_a_hold_go(clinic_client, stranger, guest, day):
    """Scenario 15: anyone can delete another person's hold by its id.

    cal.com pull request #29383.
    """
    form = walking.hold(clinic_client, day[0])
    other = guest.post("holds/", {"slot": str(day[1].pk)}).json()["token"]
    mine = Hold.objects.get(first_slot=day[0])

    for guess in (mine.pk, mine.token_hash, mine.holder, day[0].pk, other):
        assert guest.delete(f"holds/{guess}/").status_code == 204
    stranger.post(f"{form}release/")
    guest.post("holds/", {"slot": str(day[0].pk)})

    with pytest.raises(SlotHeldError):
        book(day[0])
    for guess in (str(mine.pk), mine.token_hash, other):
        with pytest.raises(HoldExpiredError):
            book(day[0], hold_token=guess)
    assert clinic_client.post(form, walking.GUEST).status_code == 302
    assert book(day[1])  # that one was let go, by its own secret


def test_the_time_just_chosen_can_be_confirmed_and_never_shows_as_gone(
    clinic_client, day
):
    """Scenario 16: the free slot just chosen shows as unavailable, Confirm is disabled.

    cal.com #20079.
    """
    form = walking.hold(clinic_client, day[0])

    first = clinic_client.get(form)
    holds.expire_due()  # as the worker does all the time
    for page in (first, clinic_client.post(form, {"extend": "1"})):
        html = page.content.decode()
        assert page.status_code == 200
        assert 'id="refusal"' not in html
        assert '<button type="submit" class="btn wide">Book 09:00 on' in html
        assert 'id="my-hold"' in html
    assert clinic_client.post(form, walking.GUEST).status_code == 302


def test_a_person_books_cancels_and_books_the_same_time_again(clinic_client, day):
    """Scenario 17: rebooking a cancelled slot collides on a key, and the page goes blank.

    cal.com #29291.
    """
    user = make.user(name="Elif Kaya", email="elif@mail.example")
    make.patient(user=user, name="Elif Kaya", email=user.email)
    clinic_client.force_login(user)
    shown = []

    for _ in range(3):
        answer = clinic_client.post(walking.hold(clinic_client, day[0]), {"who": "me"})
        page = clinic_client.get(answer["Location"])
        assert "You are booked, Elif" in page.content.decode()
        shown.append(answer["Location"])
        clinic_client.post(f"{answer['Location']}cancel/")

    assert len(set(shown)) == Appointment.objects.count() == 3
    assert Patient.objects.count() == 1
    assert {each.status for each in Appointment.objects.all()} == {"cancelled"}
    assert walking.book(clinic_client, day[0], who="me").status_code == 302


def test_both_times_book_again_after_a_visit_went_to_another_doctor_and_ended(day):
    """Scenario 17: rebooking after a reassignment collides on a key.

    cal.com #21710.
    """
    services = list(day[0].doctor.services.all())
    theirs = make.slots(make.doctor(services=services))
    person = make.patient()
    visit = book(day[0], patient=person, service=services[0])
    for slot in (theirs[0], day[0], theirs[0]):
        appointments.reschedule(
            appointment_id=visit.pk, slot_id=slot.pk, by=None, via=PAGE
        )
    appointments.cancel(appointment_id=visit.pk, by=None, via=PAGE)

    again = [book(slot, patient=person) for slot in (theirs[0], day[1])]

    assert len({visit.reference, *(each.reference for each in again)}) == 3
    assert book(day[0])


def test_a_program_may_send_the_same_wish_again_after_a_cancellation(guest, desk, day):
    """Scenario 17: rebooking a cancelled slot collides on a key.

    cal.com #29291. The very same request, without a key of its own, is a new booking.
    """
    wish = {"slot": str(day[0].pk), "patient": ADA}
    references = set()

    for _ in range(2):
        made = guest.post("appointments/", wish)
        assert made.status_code == 201
        references.add(made.json()["reference"])
        desk.post(f"appointments/{made.json()['id']}/cancel/")

    assert len(references) == 2
