"""Codes, links and limits: what a stranger may not do."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail, signing
from django.utils import timezone

from accounts.models import User
from tenants.context import clinic_context
from tenants.models import Clinic
from tenants.signup import caps, making, welcome
from tenants.signup.wishes import Wish
from tenants.tests.signup.conftest import (
    NADIA,
    browser_anywhere,
    mailed_code,
    type_code,
)


@pytest.fixture
def makes_nothing(monkeypatch):
    """A right code would make a clinic; here it only says so."""

    class RightCodeError(Exception):
        pass

    def refuse(wish):
        raise RightCodeError

    monkeypatch.setattr(making, "make", refuse)
    return RightCodeError


def test_a_code_ends_after_ten_minutes_and_a_new_one_is_sent(browser, makes_nothing):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser.post("/signup/", NADIA)
        clock.shift(timedelta(minutes=10))
        old = mailed_code()
        page = type_code(browser, old)
        assert page.status_code == 410
        assert NADIA["email"] in page.text

        page = browser.post("/signup/code/", {"again": "1"})
        assert "We have sent a new code." in page.text
        assert type_code(browser, _wrong(mailed_code())).status_code == 422
        with pytest.raises(makes_nothing):
            type_code(browser, mailed_code())


def test_a_new_code_voids_the_one_before(browser, makes_nothing):
    browser.post("/signup/", NADIA)
    old = mailed_code()
    while (new := _sent_again(browser)) == old:
        pass
    assert type_code(browser, old).status_code == 422
    with pytest.raises(makes_nothing):
        type_code(browser, new)


def test_a_code_ends_after_five_wrong_tries(browser, makes_nothing):
    browser.post("/signup/", NADIA)
    right = mailed_code()
    codes = [type_code(browser, _wrong(right)).status_code for _ in range(5)]
    assert codes == [422, 422, 422, 422, 410]
    assert type_code(browser, right).status_code == 410


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "١٢٣٤٥٦", "1\x00", "9" * 200])
def test_what_is_no_code_costs_no_try(browser, makes_nothing, typed):
    browser.post("/signup/", NADIA)
    for _ in range(6):
        assert type_code(browser, typed).status_code == 422
    with pytest.raises(makes_nothing):
        type_code(browser, f"{mailed_code()[:3]} {mailed_code()[3:]}")


def test_a_code_proves_the_address_that_it_was_sent_to(browser, makes_nothing):
    browser.post("/signup/", NADIA)
    code = mailed_code()
    session = browser.session
    session["clinic_signup"] |= {"email": "thief@other.example"}
    session.save()
    assert type_code(browser, code).status_code == 410


def test_a_code_works_in_the_browser_that_asked(browser, new_browser, makes_nothing):
    browser.post("/signup/", NADIA)
    assert type_code(new_browser(), mailed_code())["Location"] == "/signup/"


def test_no_address_is_chosen_before_the_code(browser, makes_nothing):
    browser.post("/signup/", NADIA)
    answer = browser.post("/signup/address/", {"slug": "willow-hill"})
    assert answer["Location"] == "/signup/code/"


def test_the_mail_has_no_word_of_the_visitor(browser):
    """Else anybody could send anything to anybody in our name."""
    browser.post("/signup/", NADIA | {"name": "evil", "owner": "http://evil.example"})
    [message] = mail.outbox
    assert "evil" not in f"{message.subject} {message.body}"


def test_when_mail_cannot_be_sent_it_is_said_and_nothing_is_lost(browser, settings):
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = browser.post("/signup/", NADIA)
    assert (page.status_code, page["Retry-After"]) == (503, "60")
    assert "We could not send mail just now." in page.text
    assert f'value="{NADIA["slug"]}"' in page.text

    settings.EMAIL_BACKEND = working
    browser.post("/signup/", NADIA)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    page = browser.post("/signup/code/", {"again": "1"})
    assert page.status_code == 503
    assert "We could not send mail just now." in page.text


def test_six_codes_to_one_address_are_too_many(browser, new_browser):
    codes = [new_browser().post("/signup/", NADIA).status_code for _ in range(6)]
    assert codes == [302] * 5 + [429]
    browser.post("/signup/", NADIA | {"email": "other@willow.example"})
    assert browser.get("/signup/code/").status_code == 200


def test_a_sixth_clinic_from_one_place_has_to_wait(browser, new_browser, monkeypatch):
    monkeypatch.setattr(making, "make", _pretend)
    for n in range(caps.CLINICS_A_DAY):
        browser.post("/signup/", NADIA | {"email": f"nadia{n}@willow.example"})
        assert type_code(browser, mailed_code())["Location"] == "/signup/ready/"
    page = browser.post("/signup/", NADIA)
    assert page.status_code == 429
    assert "Try again in 24 hours." in page.text
    assert new_browser().post("/signup/", NADIA).status_code == 302


# The link into the clinic ---------------------------------------------------------------


@pytest.fixture
def nadia(clinic):
    """A new owner at riverside, and the link that the sign-up gave."""
    user = User.objects.create_user(
        NADIA["email"], None, name=NADIA["owner"], role="owner"
    )
    wish = Wish(**NADIA, ready_at=timezone.now().timestamp())
    link = welcome.link_for(wish, clinic)
    return user, link.removeprefix("http://riverside.localhost:8000")


def test_a_link_opens_nothing_at_another_clinic(nadia, other_clinic, clinic):
    user, path = nadia
    with clinic_context(other_clinic):
        User.objects.create(pk=user.pk, email=user.email, name="N", role="owner")
    there = browser_anywhere("harbor.localhost")
    assert there.get(path, follow=True).status_code == 410
    assert there.post("/account/welcome/").status_code == 410
    assert (
        browser_anywhere("riverside.localhost").get(path, follow=True).status_code
        == 200
    )


def test_a_link_is_good_for_ten_minutes(nadia):
    _user, path = nadia
    here = browser_anywhere("riverside.localhost")
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        assert here.get(path, follow=True).status_code == 410
        assert here.post("/account/welcome/").status_code == 410


def test_no_new_link_is_made_after_ten_minutes(nadia, clinic):
    past = timezone.now() - timedelta(minutes=10)
    assert welcome.link_for(Wish(**NADIA, ready_at=past.timestamp()), clinic) == ""


@pytest.mark.parametrize("change", ["used", "switched off", "no owner", "gone"])
def test_a_link_ends_with_what_it_was_made_for(nadia, change):
    user, path = nadia
    mine = User.objects.filter(pk=user.pk)
    match change:
        case "used":
            mine.update(last_login=timezone.now())
        case "switched off":
            mine.update(is_active=False)
        case "no owner":
            mine.update(role="reception")
        case "gone":
            mine.delete()
    here = browser_anywhere("riverside.localhost")
    assert here.get(path, follow=True).status_code == 410
    assert here.post("/account/welcome/").status_code == 410


@pytest.mark.parametrize("token", ["x", "a:b:c", "\x00", "%F0%9F%A6%B7", "n" * 3000])
def test_a_forged_link_opens_nothing(clinic, token):
    here = browser_anywhere("riverside.localhost")
    assert here.get(f"/account/welcome/{token}/", follow=True).status_code in {400, 410}


def test_a_link_signed_for_something_else_opens_nothing(nadia, clinic):
    user, _path = nadia
    token = signing.dumps([str(clinic.pk), str(user.pk)], salt="tenants.support")
    here = browser_anywhere("riverside.localhost")
    assert here.get(f"/account/welcome/{token}/", follow=True).status_code == 410


def test_of_two_who_press_the_button_one_gets_in(nadia, clinic, monkeypatch):
    """Both had read the owner before either wrote."""
    user, path = nadia
    token = path.split("/")[-2]
    monkeypatch.setattr(welcome, "owner_of", lambda *_: user)
    assert welcome.use(token, clinic.pk) == user
    with pytest.raises(welcome.LinkEndedError):
        welcome.use(token, clinic.pk)


def test_the_button_asks_for_the_forms_token(nadia):
    _user, path = nadia
    here = browser_anywhere("riverside.localhost")
    here.handler.enforce_csrf_checks = True
    page = here.get(path, follow=True)
    assert here.post("/account/welcome/").status_code == 403
    found = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found
    body = {"csrfmiddlewaretoken": found[1]}
    assert here.post("/account/welcome/", body)["Location"] == "/setup/"


def test_whoever_was_logged_in_before_is_out(nadia, clinic):
    user, path = nadia
    here = browser_anywhere("riverside.localhost")
    rosa = User.objects.create_user("rosa@mail.example", None, name="R", role="doctor")
    here.force_login(rosa)
    here.get(path)
    key = here.session.session_key
    here.post("/account/welcome/")
    assert here.session["_auth_user_id"] == str(user.pk)
    assert here.session.session_key != key


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_the_link_is_in_no_log(nadia, caplog, method):
    _user, path = nadia
    here = browser_anywhere("riverside.localhost")
    getattr(here, method)(path)
    here.get("/account/welcome/")
    here.post("/account/welcome/")
    here.post("/account/welcome/")
    assert path.split("/")[-2] not in caplog.text


def _wrong(right: str) -> str:
    return f"{(int(right) + 1) % 10**6:06}"


def _sent_again(browser) -> str:
    browser.post("/signup/code/", {"again": "1"})
    return mailed_code()


def _pretend(wish):
    return Clinic.objects.get(slug="riverside"), True
