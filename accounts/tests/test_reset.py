import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.tests.people import PASSWORD, elif_kaya, log_in, seen
from tenants.context import clinic_context

NEW = "four quite unrelated words"


def test_the_link_lets_her_choose_a_new_password(browser):
    elif_ = elif_kaya()
    _ask(browser, elif_.email)
    assert _follow(browser, _mailed_path()).status_code == 200
    answer = browser.post("/account/reset/new/", {"password": NEW})
    assert answer["Location"] == "/account/login/"
    assert "Your new password is saved." in browser.get("/account/login/").text
    assert log_in(browser, elif_, NEW).status_code == 302


def test_the_link_has_the_host_of_the_clinic_whatever_the_request_says(browser):
    browser.post(
        "/account/reset/",
        {"email": elif_kaya().email},
        headers={
            "host": "RIVERSIDE.localhost:80",
            "x-forwarded-host": "evil.example",
            "forwarded": "host=evil.example",
        },
    )
    [message] = mail.outbox
    assert "http://riverside.localhost:8000/account/reset/" in message.body
    assert "evil" not in message.body


def test_known_and_unknown_addresses_see_the_same(browser, new_browser):
    elif_ = elif_kaya()
    known, unknown = (
        seen(_ask(new_browser(), email), email)
        for email in (elif_.email, "nobody.knows@mail.example")
    )
    assert known == unknown
    assert [m.to for m in mail.outbox] == [[elif_.email], ["nobody.knows@mail.example"]]
    assert "/account/reset/" not in mail.outbox[1].body


def test_who_may_not_log_in_gets_no_link(browser):
    _ask(browser, elif_kaya(is_active=False).email)
    assert "There is no account with it." in mail.outbox[0].body


def test_the_page_with_the_form_does_not_have_the_token_in_its_address(browser):
    _ask(browser, elif_kaya().email)
    answer = browser.get(_mailed_path())
    assert answer["Location"] == "/account/reset/new/"


def test_the_link_works_once(browser, new_browser):
    _ask(browser, elif_kaya().email)
    path = _mailed_path()
    _follow(browser, path)
    browser.post("/account/reset/new/", {"password": NEW})
    assert _follow(new_browser(), path).status_code == 410


def test_the_link_ends_when_she_logs_in_after_all(browser, new_browser):
    elif_ = elif_kaya()
    _ask(browser, elif_.email)
    log_in(browser, elif_)
    assert _follow(new_browser(), _mailed_path()).status_code == 410


def test_the_link_ends_with_time(browser, settings):
    _ask(browser, elif_kaya().email)
    later = timezone.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT + 60)
    with time_machine.travel(later):
        assert _follow(browser, _mailed_path()).status_code == 410


def test_a_link_of_riverside_means_nothing_at_harbor(
    browser, other_client, other_clinic
):
    """Even for the same person: same id, same password, same address."""
    elif_ = elif_kaya()
    with clinic_context(other_clinic):
        twin = elif_kaya(pk=elif_.pk, email=elif_.email)
        twin.password = elif_.password
        twin.save()
    _ask(browser, elif_.email)
    path = _mailed_path()
    assert _follow(other_client, path).status_code == 410
    other_client.post("/account/reset/new/", {"password": NEW})
    with clinic_context(other_clinic):
        twin.refresh_from_db()
        assert twin.check_password(PASSWORD)
    assert _follow(browser, path).status_code == 200


@pytest.mark.parametrize(
    "path", ["a/b/", "AAAA/x/", "w6k/%ED%A0%80/", "%F0%9F%98%80/1-2-3/"]
)
def test_what_is_no_link_is_said_plainly(browser, path):
    page = _follow(browser, f"/account/reset/{path}")
    assert page.status_code == 410
    assert "This link has ended" in page.text


def test_the_page_alone_opens_nothing(browser):
    assert browser.get("/account/reset/new/").status_code == 410
    answer = browser.post("/account/reset/new/", {"password": NEW})
    assert answer.status_code == 410


def test_a_weak_password_is_refused_and_the_link_lives_on(browser):
    _ask(browser, elif_kaya().email)
    _follow(browser, _mailed_path())
    page = browser.post("/account/reset/new/", {"password": "short"})
    assert (page.status_code, "at least 15 characters" in page.text) == (422, True)
    assert browser.get("/account/reset/new/").status_code == 200


def test_a_new_password_ends_open_sessions_and_is_told_by_mail(browser, new_browser):
    elif_, thief = elif_kaya(), new_browser()
    log_in(thief, elif_)
    assert thief.get("/account/").status_code == 200
    _ask(browser, elif_.email)
    _follow(browser, _mailed_path())
    browser.post("/account/reset/new/", {"password": NEW})
    assert thief.get("/account/").status_code == 302
    assert mail.outbox[-1].subject == "Your password was changed · Riverside Health"
    assert NEW not in mail.outbox[-1].body


def test_when_mail_cannot_be_sent_it_is_said(browser, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = _ask(browser, elif_kaya().email)
    assert page.status_code == 503
    assert "We could not send mail just now." in page.text


def _ask(browser, email):
    return browser.post("/account/reset/", {"email": email})


def _mailed_path() -> str:
    body = str(mail.outbox[-1].body)
    found = re.search(r"http://[^/]+(/account/reset/\S+/\S+/)$", body, re.M)
    assert found
    return found[1]


def _follow(browser, path):
    return browser.get(path, follow=True)
