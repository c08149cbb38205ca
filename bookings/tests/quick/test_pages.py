"""A doctor's page for strangers: as Django makes it, and never an old one."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from bookings.actions import appointments
from bookings.models import Appointment, Doctor, Hold, Practice, Slot
from bookings.pages import grounds
from bookings.pages.day import DayPage
from bookings.quick import pages
from bookings.tests import make
from bookings.tests.quick.asking import Program, ask, before_and_after_a_hold, told

FRAGMENT = {"hx_request": "true"}


@pytest.fixture
def path(slots):
    return f"/doctors/{slots[0].doctor.slug}/"


@pytest.fixture
def query(slots):
    return f"date={slots[0].day}"


@pytest.fixture
def visitor(committed):
    return Program(committed)


def _in(text, pattern):
    """The first group of the first match."""
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]


def _plain(body):
    """Without what is each answer's own."""
    body = re.sub(rb'csrfmiddlewaretoken" value="[A-Za-z0-9]{64}"', b"TOKEN", body)
    return re.sub(rb'nonce="[^"]+"', b"NONCE", body)


def _same(headers):
    own = {"set-cookie", "csp"}
    return {n: v for n, v in told(headers).items() if n not in own}


@pytest.mark.parametrize("headers", [FRAGMENT, {}], ids=["fragment", "page"])
def test_it_is_the_same_page_as_of_django(visitor, path, query, headers):
    first = visitor.get(path, query, **headers)
    slow = visitor.get(path, query, by_django=True, **headers)

    assert (first.by_django, slow.by_django) == (False, True)
    assert first.status == slow.status == 200
    assert _plain(first.body) == _plain(slow.body)
    assert _same(first.headers) == _same(slow.headers)
    assert b"TOKEN" in _plain(first.body)


def test_a_form_of_it_can_be_sent(visitor, path, query, slots):
    reply = visitor.get(path, query)
    secret = _in(reply.headers["set-cookie"], r"csrf=([^;]+)")
    token = _in(reply.body, rb'csrfmiddlewaretoken" value="([^"]+)"').decode()
    browser = Client(headers={"host": "riverside.localhost"}, enforce_csrf_checks=True)
    browser.cookies["csrf"] = secret

    wish = {"slot": str(slots[0].pk), "csrfmiddlewaretoken": token}
    answer = browser.post(path, wish)

    assert answer.status_code == 302
    assert Hold.objects.count() == 1


def test_who_has_a_secret_keeps_it(visitor, path, query, slots):
    secret = "b" * 32
    reply = visitor.get(path, query, cookie=f"csrf={secret}")

    assert "set-cookie" not in reply.headers
    assert not reply.by_django


def test_each_has_a_token_and_a_nonce_of_their_own(visitor, path, query):
    one, other = ask([visitor.reading(path, query)] * 2)

    for pattern in (rb'token" value="([^"]+)"', rb'nonce="([^"]+)"'):
        assert _in(one.body, pattern) != _in(other.body, pattern)
    nonce = _in(one.body, rb'nonce="([^"]+)"').decode()
    assert f"'nonce-{nonce}'" in one.headers["content-security-policy"]
    assert one.body.count(nonce.encode()) == one.body.count(b'nonce="')


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": "session=abc"},
        {"cookie": "messages=abc"},
        {"hx_request": "true", "hx_history_restore_request": "true"},
    ],
)
def test_who_may_see_something_else_is_left_to_django(visitor, path, query, headers):
    assert visitor.get(path, query, **headers).by_django


def test_what_is_no_page_is_left_to_django(visitor):
    reply = visitor.get("/doctors/nobody/", "")

    assert (reply.status, reply.by_django) == (404, True)


def test_a_clock_of_one_s_own_is_shown(visitor, path, query):
    tokyo = {"cookie": "tz=Asia%2FTokyo"}
    there = visitor.get(path, query, **tokyo)
    slow = visitor.get(path, query, by_django=True, **tokyo)
    here = visitor.get(path, query)

    assert not there.by_django
    assert _plain(there.body) == _plain(slow.body) != _plain(here.body)


def _status(reply, slot):
    marks = _in(reply.body, rb'(id="slot-%s"[^>]*)' % str(slot.pk).encode())
    return _in(marks, rb'data-status="(\w+)"').decode()


def test_every_change_is_seen_by_the_next_who_asks(committed, path, query, slots):
    def scene(reading):
        seen = [reading()]
        made = make.booked(slots[0])
        seen.append(reading())
        appointments.cancel(appointment_id=made.pk, by=None, via=Appointment.Via.PAGE)
        seen.append(reading())
        Doctor.objects.update(name="Another Name")
        seen.append(reading())
        Practice.objects.update(phone="020 7946 9999")
        return [*seen, reading()]

    replies = Program(committed).interleaved(path, query, scene)

    assert [_status(reply, slots[0]) for reply in replies[:3]] == [
        "free",
        "booked",
        "free",
    ]
    assert [b"Another Name" in reply.body for reply in replies[2:4]] == [False, True]
    assert [b"020 7946 9999" in reply.body for reply in replies[3:]] == [False, True]
    assert not any(reply.by_django for reply in replies)


def test_a_hold_that_has_run_out_is_free_again(committed, path, query, slots):
    scene = before_and_after_a_hold(slots[0])

    replies = Program(committed).interleaved(path, query, scene)

    assert [_status(reply, slots[0]) for reply in replies] == ["held", "free"]


def test_who_has_nothing_free_shows_what_becomes_of_others(committed):
    """The page of one doctor names another, whose days are not the first one's."""
    service = make.service()
    full, other = (make.doctor(services=[service]) for _ in range(2))
    [taken], [last] = (make.slots(doctor, number=1) for doctor in (full, other))
    make.booked(taken)

    def scene(reading):
        seen = [reading(), reading()]
        make.booked(last)
        return [*seen, reading()]

    path, query = f"/doctors/{full.slug}/", f"date={taken.day}"
    replies = Program(committed).interleaved(path, query, scene)

    shown = f"/doctors/{other.slug}/".encode()
    assert [shown in reply.body for reply in replies] == [True, True, False]
    assert not any(reply.by_django for reply in replies)


@pytest.mark.parametrize(
    ("rules", "before", "then"),
    [
        ({"notice_minutes": 50}, 55, 50),  # too near to be booked
        ({"notice_minutes": 0}, 4, 0),  # past
        ({"notice_minutes": 0}, 55, 45),  # nothing near: a quarter of an hour
    ],
)
def test_time_itself_ends_a_page(committed, rules, before, then):
    make.practice(**rules)
    slot = make.slots(make.doctor(), number=1)[0]
    now = slot.start - timedelta(minutes=before)
    page = DayPage(slot.doctor, slot.doctor.default_service, slot.day, now)

    assert page.changes_at() == slot.start - timedelta(minutes=then)


def test_a_hold_on_an_earlier_day_ends_a_page_that_begins_later(committed):
    """Who asks for no day is shown the first with times: it may come back."""
    make.practice()
    doctor = make.doctor()
    [slot] = make.slots(doctor, number=1)
    now = slot.start - timedelta(minutes=55)
    Slot.objects.update(held_until=now + timedelta(minutes=3))
    later = slot.day + timedelta(days=15)
    page = DayPage(doctor, doctor.default_service, later, now)

    assert page.first > slot.day
    assert page.changes_at() == now + timedelta(minutes=3)


def test_the_first_page_ends_with_the_minute_or_a_hold(committed, slots):
    now = slots[0].start.replace(second=10) - timedelta(hours=1)
    days = (slots[0].day, slots[0].day)

    ends = grounds.of_all(*days, now)["until"]
    Slot.objects.update(held_until=now + timedelta(seconds=20))
    sooner = grounds.of_all(*days, now)["until"]

    assert ends == now.replace(second=0) + timedelta(minutes=1)
    assert sooner == now + timedelta(seconds=20)


def test_a_page_is_made_again_when_its_time_is_over(visitor, path, query, monkeypatch):
    made = []
    make_page = pages._made

    async def short_lived(*of):
        page = await make_page(*of)
        assert page
        made.append(page)
        long_ago = page.grounds["until"] - timedelta(days=1)
        return replace(page, grounds=page.grounds | {"until": long_ago})

    monkeypatch.setattr(pages, "_made", short_lived)

    ask([visitor.reading(path, query)])
    visitor.interleaved(path, query, lambda reading: [reading(), reading()])

    assert len(made) == 3


@pytest.fixture
def made(monkeypatch):
    """The pages that Django was asked to make."""
    asked = []
    make_page = pages._made

    async def counted(*of):
        asked.append(of)
        return await make_page(*of)

    monkeypatch.setattr(pages, "_made", counted)
    return asked


def test_what_happens_on_days_that_it_does_not_show_lets_it_be(
    visitor, path, query, slots, made
):
    doctor = slots[0].doctor
    [later] = make.slots(doctor, start=slots[0].start + timedelta(days=21), number=1)

    def scene(reading):
        first = reading()
        make.booked(later)
        return [first, reading()]

    first, again = visitor.interleaved(path, query, scene)

    assert _plain(first.body) == _plain(again.body)
    assert len(made) == 1


def test_who_asks_for_no_day_is_shown_an_earlier_one_that_has_times_again(visitor):
    doctor = make.doctor()
    [soon] = make.slots(doctor, number=1)
    make.slots(doctor, start=soon.start + timedelta(days=15), number=1)
    visit = make.booked(soon)

    def scene(reading):
        first = reading()
        appointments.cancel(appointment_id=visit.pk, by=None, via=Appointment.Via.PAGE)
        return [first, reading()]

    replies = visitor.interleaved(f"/doctors/{doctor.slug}/", "", scene)

    shown = f'id="slot-{soon.pk}"'.encode()
    assert [shown in reply.body for reply in replies] == [False, True]
    assert not any(reply.by_django for reply in replies)


def test_who_has_a_fragment_already_is_told_so(visitor, path, query, slots):
    first = visitor.get(path, query, **FRAGMENT)
    mark = {"if_none_match": first.headers["etag"]}
    again = visitor.get(path, query, **FRAGMENT, **mark)
    slow = visitor.get(path, query, by_django=True, **FRAGMENT, **mark)
    make.booked(slots[0])
    changed = visitor.get(path, query, **FRAGMENT, **mark)

    assert (again.status, again.body, again.by_django) == (304, b"", False)
    assert (slow.status, changed.status) == (304, 200)
    assert _same(again.headers) == _same(slow.headers)


def test_the_first_page_is_kept_until_anybody_s_times_change(visitor, slots, made):
    later = make.slots(make.doctor(services=[slots[0].doctor.default_service]))[-1]

    def scene(reading):
        seen = [reading(), reading()]
        make.booked(later)
        seen.append(reading())
        make.booked(slots[0])
        return [*seen, reading()]

    replies = visitor.interleaved("/", "", scene)
    slow = visitor.get("/", "", by_django=True)

    assert [_plain(reply.body) for reply in replies[:2]] == [
        _plain(replies[0].body)
    ] * 2
    assert [_offers(reply, slots[0]) for reply in replies] == [True, True, True, False]
    assert _plain(replies[-1].body) == _plain(slow.body)
    assert not any(reply.by_django for reply in replies)
    assert len(made) == 3


def _offers(reply, slot):
    return f'id="slot-{slot.pk}"'.encode() in reply.body


def test_it_is_made_once_for_all_who_ask_at_once(visitor, path, query, made):
    replies = ask(visitor.reading(path, query) for _ in range(30))

    assert {reply.status for reply in replies} == {200}
    assert len(made) <= 2


def test_memory_is_bounded(visitor, path, query, monkeypatch):
    monkeypatch.setattr("bookings.quick.pages._MOST_BYTES", 0)

    replies = ask(visitor.reading(path, query) for _ in range(3))

    assert {reply.status for reply in replies} == {200}
