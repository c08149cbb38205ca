"""The admin's own log-in: by e-mail, for staff, and not for ever."""

import pytest
from django.test import Client

from bookings.tests import make

PAGE = "/admin/login/?next=/admin/bookings/slot/"


@pytest.fixture
def browser(clinic):
    return Client(headers={"host": "riverside.localhost"})


def log_in(browser, email, password=make.PASSWORD):
    return browser.post(PAGE, {"username": email, "password": password})


def test_it_asks_for_an_email(browser):
    page = browser.get(PAGE).content.decode()
    assert "E-mail" in page
    assert "sername:" not in page
    assert 'type="email"' in page


@pytest.mark.parametrize("role", ["owner", "reception", "doctor"])
def test_staff_get_where_they_wanted(browser, role):
    make.user(role=role, email="anna@riverside.example")
    response = log_in(browser, "Anna@Riverside.example")
    assert response["Location"] == "/admin/bookings/slot/"


@pytest.mark.parametrize("role", ["patient", "operator"])
def test_others_are_told_no_more_than_strangers(browser, role):
    make.user(role=role, email="elif@mail.example")
    known = log_in(browser, "elif@mail.example")
    unknown = log_in(browser, "nobody@mail.example")
    said = "do not open the admin"
    assert said in known.content.decode()
    assert said in unknown.content.decode()
    assert "_auth_user_id" not in browser.session


def test_too_many_wrong_passwords_are_stopped(browser):
    make.user(role="owner", email="anna@riverside.example")
    for _ in range(10):
        assert log_in(browser, "anna@riverside.example", "wrong").status_code == 200
    stopped = log_in(browser, "anna@riverside.example")
    assert stopped.status_code == 429
    assert int(stopped["Retry-After"]) > 0
    assert "Too many tries" in stopped.content.decode()


def test_right_passwords_do_not_count(browser):
    make.user(role="owner", email="anna@riverside.example")
    for _ in range(12):
        assert log_in(browser, "anna@riverside.example").status_code == 302
        browser.logout()


@pytest.mark.parametrize(
    "typed", ["a\x00b@mail.example", "x" * 5000, "", "not-an-email"]
)
def test_nonsense_is_refused_in_words(browser, typed):
    assert log_in(browser, typed).status_code == 200


def test_only_the_admin_has_the_admins_policy(browser):
    policy = browser.get(PAGE)["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in browser.get("/account/login/")["Content-Security-Policy"]
