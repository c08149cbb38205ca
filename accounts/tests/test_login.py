from datetime import datetime

import pytest
from django.contrib.sessions.models import Session

from accounts.models import User
from accounts.tests.people import PASSWORD, elif_kaya, log_in, rosa, seen


def test_a_patient_lands_on_her_appointments(browser):
    answer = log_in(browser, elif_kaya())
    assert (answer.status_code, answer["Location"]) == (302, "/appointments/")


@pytest.mark.parametrize("role", ["reception", "doctor", "owner"])
def test_staff_land_in_the_admin(browser, role):
    answer = log_in(browser, elif_kaya(role=role))
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_the_address_may_be_typed_in_capitals_and_with_spaces(browser):
    elif_ = elif_kaya()
    body = {"email": f"  {elif_.email.upper()} ", "password": PASSWORD}
    assert browser.post("/account/login/", body).status_code == 302


def test_log_in_goes_on_to_where_she_wanted_to_go(browser):
    wanted = "/book/?slot=1&service=2"
    page = browser.get("/account/login/", {"next": wanted})
    assert 'name="next" value="/book/?slot=1&amp;service=2"' in page.text
    assert log_in(browser, elif_kaya(), next=wanted)["Location"] == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "http://harbor.localhost/",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        "/\x00",
        "appointments/",
        "/" + "a" * 5000,
    ],
)
def test_log_in_goes_nowhere_else(browser, wanted):
    by_form = log_in(browser, elif_kaya(), next=wanted)
    assert by_form["Location"] == "/appointments/"
    when_logged_in = browser.get("/account/login/", {"next": wanted})
    is_unreadable = "\x00" in wanted  # no page takes that in an address
    assert when_logged_in.status_code == (400 if is_unreadable else 302)
    assert when_logged_in.get("Location", "/appointments/") == "/appointments/"


def test_wrong_password_and_unknown_address_get_the_same_answer(browser):
    elif_, nobody = elif_kaya(), User(email="nobody@mail.example")
    wrong = log_in(browser, elif_, "wrong")
    unknown = log_in(browser, nobody, "wrong")
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert seen(wrong, elif_.email) == seen(unknown, nobody.email)


def test_who_may_not_log_in_gets_the_same_answer_too(browser):
    barred, elif_ = elif_kaya(is_active=False), elif_kaya()
    refused = log_in(browser, barred)
    wrong = log_in(browser, elif_, "wrong")
    assert refused.status_code == 422
    assert seen(refused, barred.email) == seen(wrong, elif_.email)


def test_an_error_keeps_the_address_but_not_the_password(browser):
    elif_ = elif_kaya()
    page = log_in(browser, elif_, "my secret guess")
    assert elif_.email in page.text
    assert "my secret guess" not in page.text
    assert 'class="summary" role="alert"' in page.text


@pytest.mark.parametrize(
    "email",
    ["", "elif", "a%00b@mail.example", "%ED%A0%80@mail.example", "%FF", "x" * 9999],
    ids=["empty", "no-at", "nul", "surrogate", "not-utf8", "long"],
)
def test_an_address_that_is_none_is_said_plainly(browser, email):
    form = "application/x-www-form-urlencoded"
    page = browser.post("/account/login/", f"email={email}&password=x", form)
    assert page.status_code == 422
    assert 'href="#id_email"' in page.text
    assert 'aria-invalid="true"' in page.text


def test_the_session_key_changes_at_log_in(browser):
    session = browser.session
    session["hold"] = "kept"
    session.save()
    before = session.session_key
    log_in(browser, elif_kaya())
    assert browser.session.session_key != before
    assert browser.session["hold"] == "kept"
    assert not Session.objects.filter(session_key=before).exists()


def test_eleven_wrong_passwords_are_too_many(browser):
    elif_ = elif_kaya()
    for _ in range(10):
        assert log_in(browser, elif_, "wrong").status_code == 422
    answer = log_in(browser, elif_)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 15 * 60
    assert "Try again in" in answer.text


def test_unknown_addresses_are_limited_just_the_same(browser):
    nobody = elif_kaya()
    nobody.delete()
    codes = [log_in(browser, nobody, "wrong").status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


def test_a_guesser_does_not_lock_her_out_of_her_own_browser(browser, new_browser):
    elif_, guesser = elif_kaya(), new_browser()
    log_in(browser, elif_)
    browser.post("/account/logout/")
    for _ in range(11):
        answer = log_in(guesser, elif_, "wrong")
    assert answer.status_code == 429
    assert log_in(browser, elif_).status_code == 302


def test_her_own_browser_has_a_limit_too(browser):
    elif_ = elif_kaya()
    log_in(browser, elif_)
    browser.post("/account/logout/")
    codes = [log_in(browser, elif_, "wrong").status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


def test_a_browser_known_to_one_is_not_known_to_another(browser):
    elif_, other = elif_kaya(), elif_kaya()
    log_in(browser, elif_)
    browser.post("/account/logout/")
    for _ in range(10):
        log_in(browser, other, "wrong")
    assert log_in(browser, elif_).status_code == 302
    browser.post("/account/logout/")
    assert log_in(browser, other).status_code == 429


def test_fifty_wrong_passwords_from_one_address_are_too_many(browser):
    people = [elif_kaya(password=None) for _ in range(6)]
    codes = [log_in(browser, people[n // 9], "x").status_code for n in range(51)]
    assert codes == [422] * 50 + [429]


def test_right_passwords_do_not_count(browser):
    elif_ = elif_kaya()
    for _ in range(12):
        assert log_in(browser, elif_).status_code == 302
        browser.post("/account/logout/")


def test_log_out_takes_a_press_of_the_button(browser):
    log_in(browser, elif_kaya())
    assert browser.get("/account/logout/").status_code == 405
    assert browser.get("/account/").status_code == 200


def test_log_out_ends_the_session_and_empties_the_cache(browser):
    log_in(browser, elif_kaya())
    key = browser.session.session_key
    answer = browser.post("/account/logout/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert answer["Clear-Site-Data"] == '"cache"'
    assert not Session.objects.filter(session_key=key).exists()
    assert browser.get("/account/").status_code == 302


def test_what_needs_log_in_asks_for_it_and_comes_back(browser):
    answer = browser.get("/account/password/")
    assert answer["Location"] == "/account/login/?next=/account/password/"


def test_a_form_of_another_site_is_refused(browser):
    browser.handler.enforce_csrf_checks = True
    assert log_in(browser, elif_kaya()).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/account/",
        "/account/login/",
        "/account/password/",
        "/account/reset/",
        "/account/reset/new/",
        "/account/reset/a/b/",
        "/account/signup/",
        "/account/signup/code/",
    ],
)
def test_no_page_of_accounts_is_stored_by_anybody(browser, new_browser, path):
    log_in(browser, rosa())
    for visitor in (browser, new_browser()):
        answer = visitor.get(path)
        if answer.get("Location", "").startswith("/account/login/"):
            continue  # the middleware's own answer has nothing private
        assert "no-store" in answer["Cache-Control"]
        assert "private" in answer["Cache-Control"]


def test_log_in_is_remembered(browser):
    elif_, before = elif_kaya(), datetime.now().astimezone()
    log_in(browser, elif_)
    elif_.refresh_from_db()
    assert elif_.last_login
    assert elif_.last_login >= before


def test_pages_speak_the_language_she_chose_from_log_in_on(browser):
    answer = log_in(browser, elif_kaya(language="en-us"))
    assert answer.cookies["django_language"].value == "en-us"
