"""From a time to a booking, as a browser without JavaScript does it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from bookings.actions import appointments, holds
from bookings.errors import SlotBusyError
from bookings.models import Appointment, Hold, Patient, Slot
from bookings.tests import make
from bookings.tests.pages import walking
from bookings.tests.pages.walking import GUEST


def end_hold(slot: Slot) -> None:
    """Let the time of a hold run out."""
    past = timezone.now() - timedelta(seconds=1)
    Hold.objects.update(expires_at=past)
    Slot.objects.filter(hold__isnull=False).update(held_until=past)


def test_a_guest_holds_and_books(clinic_client: Client, slots: list[Slot]):
    form_url = walking.hold(clinic_client, slots[0])
    form = clinic_client.get(form_url)
    answer = clinic_client.post(form_url, GUEST)
    done = clinic_client.get(answer["Location"])

    made = Appointment.objects.get()
    assert "no-store" in form["Cache-Control"]
    assert answer["Location"] == f"/appointments/{made.reference}/"
    assert "You are booked, Elif" in done.content.decode()
    assert made.patient.phone == "+442079460118"
    assert str(made.patient.date_of_birth) == "1984-03-27"
    assert (made.reason, made.booked_via) == ("My knee", "page")
    assert list(made.slots.all()) == [slots[0]]


def test_the_reason_for_the_visit_is_on_no_later_page(
    clinic_client: Client, slots: list[Slot]
):
    answer = walking.book(clinic_client, slots[0])

    assert "My knee" not in clinic_client.get(answer["Location"]).content.decode()


def test_the_form_sent_twice_gives_the_same_booking(
    clinic_client: Client, slots: list[Slot]
):
    form_url = walking.hold(clinic_client, slots[0])
    first = clinic_client.post(form_url, GUEST)
    second = clinic_client.post(form_url, GUEST)
    again = clinic_client.get(form_url)

    assert first["Location"] == second["Location"] == again["Location"]
    assert Appointment.objects.count() == Patient.objects.count() == 1


def test_a_former_form_never_books_the_time_of_a_later_one(
    clinic_client: Client, slots: list[Slot]
):
    former = walking.hold(clinic_client, slots[0])
    walking.hold(clinic_client, slots[1])

    answer = clinic_client.post(former, GUEST)

    assert answer.status_code == 410
    assert not Appointment.objects.exists()


def test_choosing_another_time_lets_the_first_go(
    clinic_client: Client, slots: list[Slot]
):
    walking.hold(clinic_client, slots[0])
    walking.hold(clinic_client, slots[1])

    now = timezone.now()
    states = [slot.status_at(now) for slot in Slot.objects.order_by("start")[:2]]
    assert states == ["free", "held"]


def test_the_form_of_a_hold_opens_in_its_own_browser_only(
    clinic_client: Client, stranger: Client, slots: list[Slot]
):
    form_url = walking.hold(clinic_client, slots[0])

    assert stranger.get(form_url)["Location"] == "/"
    assert stranger.post(form_url, GUEST)["Location"] == "/"
    assert stranger.post(f"{form_url}release/")["Location"] == "/"
    assert Hold.objects.get().is_live(timezone.now())


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"name": " "}, "Write the name"),
        ({"name": "x" * 201}, "too long for a name"),
        ({"reason": "a\x00b"}, "Null characters"),
        ({"email": ""}, "Write an email address"),
        ({"email": "elif@"}, "name@example.com"),
        ({"dob": "27 13 1984"}, "The month must be between 1 and 12."),
        ({"dob": "31 2 1984"}, "does not have that day"),
        ({"dob": "1 1 9999"}, "in the future"),
        ({"dob": "soon"}, "day, month and year"),
        ({"tel": "12"}, "area code"),
        ({"reason": "x" * 501}, "too long"),
    ],
)
def test_what_was_typed_stays_when_something_is_wrong(
    clinic_client: Client, slots: list[Slot], typed: dict[str, str], message: str
):
    sent = GUEST | {"reason": "A very long story"} | typed
    answer = clinic_client.post(walking.hold(clinic_client, slots[0]), sent)

    page = answer.content.decode()
    main = page[page.index('<main class="main"') :]
    assert answer.status_code == 422
    assert message in main
    assert main.index('class="summary"') < main.index("<h1")
    assert 'aria-invalid="true"' in main
    kept = [value for name, value in sent.items() if name not in typed]
    assert all(value in main for value in kept)
    assert not Appointment.objects.exists()


def test_bytes_that_are_no_text_do_not_break_the_form(
    clinic_client: Client, slots: list[Slot]
):
    url = walking.hold(clinic_client, slots[0])
    body = b"name=%ED%A0%80&email=a%40b.example&dob=&reason=%FF"

    answer = clinic_client.post(
        url, body, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code in {302, 422}


def test_a_taken_time_offers_the_nearest_three(
    clinic_client: Client, stranger: Client, slots: list[Slot]
):
    walking.book(stranger, slots[2])

    answer = walking.choose(clinic_client, slots[2])

    page = answer.content.decode()
    note = page[page.index('id="refusal"') : page.index('class="part"')]
    offered = re.findall(r'name="slot" value="([0-9a-f-]+)"', note)
    assert answer.status_code == 409
    assert "Someone else has just taken 09:40." in note
    assert offered == [str(slots[n].pk) for n in (0, 1, 3)]
    assert page.count(f'id="slot-{slots[1].pk}"') == 1


def test_a_held_time_says_that_it_may_come_free(
    clinic_client: Client, slots: list[Slot]
):
    holds.place(slot_id=slots[0].pk, holder="somebody else")

    answer = walking.choose(clinic_client, slots[0])

    assert answer.status_code == 409
    assert "It may come free in a few minutes" in answer.content.decode()


def test_htmx_gets_the_refusal_in_place_and_is_sent_on_otherwise(
    clinic_client: Client, slots: list[Slot]
):
    holds.place(slot_id=slots[0].pk, holder="somebody else")
    day, headers = walking.day_of(slots[0]), {"HX-Request": "true"}

    refused = clinic_client.post(day, {"slot": slots[0].pk}, headers=headers)
    sent_on = clinic_client.post(day, {"slot": slots[1].pk}, headers=headers)

    assert refused.status_code == 409
    assert refused.content.decode().lstrip().startswith('<div class="times')
    assert sent_on["HX-Redirect"] == f"/book/{Hold.objects.latest('created_at').pk}/"


@pytest.mark.parametrize(
    "slot", ["", "nonsense", "6b396e21-ece2-4a4e-bbd7-3ce3ea47cad0", "9" * 400]
)
def test_a_time_that_is_none_is_not_found(
    clinic_client: Client, slots: list[Slot], slot: str
):
    answer = clinic_client.post(walking.day_of(slots[0]), {"slot": slot})

    assert answer.status_code == 404


def test_an_ended_hold_can_be_taken_again_with_all_that_was_typed(
    clinic_client: Client, slots: list[Slot]
):
    url = walking.hold(clinic_client, slots[0])
    end_hold(slots[0])

    ended = clinic_client.post(url, GUEST)
    again = clinic_client.post(url, GUEST | {"slot": str(slots[0].pk)})
    action = re.search(r'id="book" method="post" action="([^"]+)"', str(again.content))

    assert ended.status_code == 410
    assert "09:00 is still free, so you can take it again" in ended.content.decode()
    assert "Elif Kaya" in again.content.decode()
    assert action is not None
    assert action[1] != url
    assert clinic_client.post(action[1], GUEST).status_code == 302
    assert Appointment.objects.get().slots.get() == slots[0]


def test_an_ended_hold_whose_time_is_gone_offers_others(
    clinic_client: Client, stranger: Client, slots: list[Slot]
):
    url = walking.hold(clinic_client, slots[0])
    end_hold(slots[0])
    walking.book(stranger, slots[0])

    ended = clinic_client.post(url, GUEST).content.decode()

    assert "has gone to somebody else" in ended
    assert f'name="slot" value="{slots[1].pk}" form="book"' in ended


def test_more_time_is_given_twice_and_keeps_what_was_typed(
    clinic_client: Client, slots: list[Slot]
):
    url = walking.hold(clinic_client, slots[0])

    answers = [clinic_client.post(url, GUEST | {"extend": "1"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert all("Elif Kaya" in answer.content.decode() for answer in answers)
    assert all("summary" not in answer.content.decode() for answer in answers)
    assert not Appointment.objects.exists()


def test_letting_go_frees_the_time(clinic_client: Client, slots: list[Slot]):
    url = walking.hold(clinic_client, slots[0])

    answer = clinic_client.post(f"{url}release/")

    assert answer["Location"].startswith(walking.day_of(slots[0]))
    assert Slot.objects.get(pk=slots[0].pk).status_at(timezone.now()) == "free"


def test_a_busy_clinic_says_so_and_loses_nothing(
    clinic_client: Client, slots: list[Slot], monkeypatch: pytest.MonkeyPatch
):
    url = walking.hold(clinic_client, slots[0])

    def busy(**_: Any) -> None:
        raise SlotBusyError

    monkeypatch.setattr(appointments, "book", busy)  # a stuck lock takes seconds
    answer = clinic_client.post(url, GUEST)

    assert (answer.status_code, answer["Retry-After"]) == (409, "1")
    assert "Nothing you typed is lost" in answer.content.decode()
    assert "elif@mail.example" in answer.content.decode()


def test_a_hold_outlives_the_log_in(
    clinic_client: Client, slots: list[Slot], elif_: User
):
    url = walking.hold(clinic_client, slots[0])
    clinic_client.post(
        "/account/login/", {"email": elif_.email, "password": make.PASSWORD}
    )

    assert clinic_client.post(url, {"who": "me"}).status_code == 302


def test_reading_changes_nothing(clinic_client: Client, slots: list[Slot]):
    url = walking.hold(clinic_client, slots[0])
    before = list(Slot.objects.order_by("pk").values())

    for path in (url, "/book/", walking.day_of(slots[0]), f"{url}?extend=1"):
        clinic_client.get(path)
    release = clinic_client.get(f"{url}release/")

    assert release.status_code == 405
    assert list(Slot.objects.order_by("pk").values()) == before


def test_a_form_without_its_safety_token_is_refused_in_words(slots: list[Slot]):
    browser = Client(headers={"host": "riverside.localhost"}, enforce_csrf_checks=True)

    answer = walking.choose(browser, slots[0])

    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()
