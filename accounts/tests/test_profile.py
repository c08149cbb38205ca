import pytest
from django.core import mail

from accounts.tests.people import PASSWORD, elif_kaya, log_in

NEW = "four quite unrelated words"


@pytest.fixture
def elif_(browser):
    """Elif, logged in."""
    user = elif_kaya()
    log_in(browser, user)
    return user


def test_she_sees_her_account_and_a_way_out(browser, elif_):
    page = browser.get("/account/")
    assert elif_.email in page.text
    assert 'action="/account/logout/"' in page.text


def test_she_changes_her_name_and_language(browser, elif_):
    answer = browser.post("/account/", {"name": "Elif Şahin", "language": "en-us"})
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    elif_.refresh_from_db()
    assert (elif_.name, elif_.language) == ("Elif Şahin", "en-us")
    assert answer.cookies["django_language"].value == "en-us"
    assert "Your details are saved." in browser.get("/account/").text


def test_no_language_means_what_the_browser_says(browser, elif_):
    answer = browser.post("/account/", {"name": "Elif", "language": ""})
    assert answer.cookies["django_language"]["max-age"] == 0


def test_nothing_else_of_her_account_can_be_set(browser, elif_):
    body = {"name": "Elif", "email": "x@y.example", "role": "owner", "is_active": ""}
    browser.post("/account/", body)
    before = elif_.email
    elif_.refresh_from_db()
    assert (elif_.email, elif_.role, elif_.is_active) == (before, "patient", True)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "a\x00"), ("name", "n" * 201), ("language", "tlh")],
)
def test_an_error_saves_nothing(browser, elif_, field, value):
    page = browser.post("/account/", {"name": "New", "language": "", field: value})
    assert page.status_code == 422
    assert f'href="#id_{field}"' in page.text
    elif_.refresh_from_db()
    assert elif_.name == "Elif Kaya"


def test_she_changes_her_password_and_stays_logged_in_only_here(
    browser, new_browser, elif_
):
    elsewhere = new_browser()
    log_in(elsewhere, elif_)
    answer = _change(browser, PASSWORD, NEW)
    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert browser.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert log_in(elsewhere, elif_).status_code == 422
    assert log_in(elsewhere, elif_, NEW).status_code == 302
    assert mail.outbox[0].subject == "Your password was changed · Riverside Health"


def test_the_password_now_must_be_known(browser, elif_):
    page = _change(browser, "wrong", NEW)
    assert page.status_code == 422
    assert "This is not your password now." in page.text
    assert log_in(browser, elif_).status_code == 302


def test_a_weak_new_password_is_refused(browser, elif_):
    page = _change(browser, PASSWORD, "short")
    assert (page.status_code, "at least 15 characters" in page.text) == (422, True)


def test_guessing_the_password_now_is_limited(browser, elif_):
    codes = [_change(browser, "wrong", NEW).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


def test_a_change_that_cannot_be_told_by_mail_stands(browser, elif_, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert _change(browser, PASSWORD, NEW).status_code == 302
    elif_.refresh_from_db()
    assert elif_.check_password(NEW)


def _change(browser, old: str, new: str):
    body = {"old_password": old, "password": new}
    return browser.post("/account/password/", body)
