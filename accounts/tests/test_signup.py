import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import User
from accounts.tests.people import PASSWORD, elif_kaya, seen

WISH = {
    "name": "Elif Kaya",
    "email": "Elif.Kaya@mail.example",
    "date_of_birth": "1984-03-27",
    "password": PASSWORD,
}


@pytest.fixture
def wish(request) -> dict[str, str]:
    """What Elif types; each test's address differs, as limits are kept by address."""
    return WISH | {"email": f"Elif.{abs(hash(request.node.nodeid))}@mail.example"}


def test_an_account_exists_once_the_code_is_typed(browser, wish):
    answer = browser.post("/account/signup/", wish)
    assert answer["Location"] == "/account/signup/code/"
    assert not User.objects.filter(email=wish["email"].lower()).exists()

    answer = _type_code(browser, _mailed_code())
    assert (answer.status_code, answer["Location"]) == (302, "/appointments/")
    made = User.objects.get(email=wish["email"].lower())
    assert (made.name, made.role, made.is_active) == ("Elif Kaya", "patient", True)
    assert made.check_password(PASSWORD)
    assert browser.get("/account/").status_code == 200


def test_the_role_cannot_be_chosen(browser, wish):
    browser.post("/account/signup/", wish | {"role": "owner", "is_active": "1"})
    _type_code(browser, _mailed_code())
    assert User.objects.get(email=wish["email"].lower()).role == "patient"


def test_sign_up_goes_on_to_where_she_wanted_to_go(browser, wish):
    answer = browser.post("/account/signup/", wish | {"next": "/book/?slot=1"})
    assert answer["Location"] == "/account/signup/code/?next=%2Fbook%2F%3Fslot%3D1"
    page = browser.get(answer["Location"])
    assert 'name="next" value="/book/?slot=1"' in page.text
    body = {"code": _mailed_code(), "next": "/book/?slot=1"}
    assert browser.post("/account/signup/code/", body)["Location"] == "/book/?slot=1"


def test_sign_up_goes_nowhere_else(browser, wish):
    answer = browser.post("/account/signup/", wish | {"next": "//evil.example"})
    assert answer["Location"] == "/account/signup/code/"


def test_known_and_unknown_addresses_see_the_same(browser, new_browser, wish):
    known = elif_kaya()
    for_unknown = _two_pages(browser, wish)
    assert for_unknown == _two_pages(new_browser(), wish | {"email": known.email})
    assert [len(m.to) for m in mail.outbox] == [1, 1]


def test_a_known_address_is_told_so_by_mail_only(browser, wish):
    known = elif_kaya(name="Before")
    browser.post("/account/signup/", wish | {"email": known.email})
    [message] = mail.outbox
    assert message.to == [known.email]
    assert "There is one already" in message.body
    assert "http://riverside.localhost:8000/account/login/" in message.body
    assert re.search(r"\b\d{6}\b", str(message.body)) is None
    known.refresh_from_db()
    assert known.name == "Before"


def test_the_mail_has_no_word_of_the_visitor(browser, wish):
    """Else anybody could send anything to anybody in the clinic's name."""
    browser.post("/account/signup/", wish | {"name": "Win at http://evil.example"})
    [message] = mail.outbox
    assert "evil" not in f"{message.subject} {message.body}"


def test_a_code_ends_after_ten_minutes(browser, wish):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser.post("/account/signup/", wish)
        clock.shift(timedelta(minutes=10, seconds=-1))
        assert browser.get("/account/signup/code/").status_code == 200
        clock.shift(timedelta(seconds=1))
        assert _type_code(browser, _mailed_code()).status_code == 410
    assert not User.objects.filter(email=wish["email"].lower()).exists()


def test_a_code_ends_after_five_wrong_tries(browser, wish):
    browser.post("/account/signup/", wish)
    right = _mailed_code()
    wrong = f"{(int(right) + 1) % 10**6:06}"
    codes = [_type_code(browser, wrong).status_code for _ in range(5)]
    assert codes == [422, 422, 422, 422, 410]
    assert _type_code(browser, right).status_code == 410
    assert not User.objects.filter(email=wish["email"].lower()).exists()


def test_a_code_works_once(browser, new_browser, wish):
    browser.post("/account/signup/", wish)
    _type_code(browser, _mailed_code())
    browser.post("/account/logout/")
    assert _type_code(browser, _mailed_code()).status_code == 410


def test_a_code_works_in_the_browser_that_asked(browser, new_browser, wish):
    browser.post("/account/signup/", wish)
    assert _type_code(new_browser(), _mailed_code()).status_code == 410


def test_two_browsers_open_one_account(browser, new_browser, wish):
    second = new_browser()
    browser.post("/account/signup/", wish)
    first_code = _mailed_code()
    second.post("/account/signup/", wish)
    assert _type_code(browser, first_code).status_code == 302
    assert _type_code(second, _mailed_code()).status_code == 410
    assert User.objects.filter(email=wish["email"].lower()).count() == 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "1\x00"])
def test_what_is_no_code_costs_no_try(browser, wish, typed):
    browser.post("/account/signup/", wish)
    for _ in range(6):
        assert _type_code(browser, typed).status_code == 422
    assert _type_code(browser, f" {_mailed_code()[:3]} {_mailed_code()[3:]} ").url


def test_neither_code_nor_password_stand_in_the_session(browser, wish):
    browser.post("/account/signup/", wish)
    kept = str(dict(browser.session))
    assert _mailed_code() not in kept
    assert PASSWORD not in kept


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Enter your name."),
        ("name", "a\x00b", "Null characters are not allowed."),
        ("email", "elif", "Enter an email address such as"),
        ("date_of_birth", "0001-01-01", "The date must be between 1900 and today."),
        ("date_of_birth", "9999-12-31", "The date must be between 1900 and today."),
        ("date_of_birth", "10000-01-01", "Enter a date such as"),
        ("date_of_birth", "1984-02-30", "Enter a date such as"),
        ("password", "short", "at least 15 characters"),
    ],
)
def test_an_error_is_said_and_nothing_typed_is_lost(browser, wish, field, value, said):
    page = browser.post("/account/signup/", wish | {field: value})
    assert page.status_code == 422
    assert said in page.text
    assert f'href="#id_{field}"' in page.text
    for kept in {"name", "email"} - {field}:
        assert wish[kept].lower() in page.text.lower()
    assert mail.outbox == []


def test_a_password_like_her_name_is_refused(browser, wish):
    alike = {"name": "Elif Sevgi Kaya", "password": "elif sevgi kaya1"}
    page = browser.post("/account/signup/", wish | alike)
    assert (page.status_code, "too similar to the name" in page.text) == (422, True)


def test_the_date_of_birth_may_be_left_out(browser, wish):
    browser.post("/account/signup/", wish | {"date_of_birth": ""})
    assert _type_code(browser, _mailed_code()).status_code == 302


def test_the_date_of_birth_waits_for_her_record(browser, wish):
    browser.post("/account/signup/", wish)
    _type_code(browser, _mailed_code())
    assert browser.session["own_date_of_birth"] == "1984-03-27"


def test_when_mail_cannot_be_sent_it_is_said_and_nothing_is_lost(
    browser, wish, settings
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = browser.post("/account/signup/", wish)
    assert page.status_code == 503
    assert page["Retry-After"] == "60"
    assert "We could not send mail just now." in page.text
    assert wish["email"].lower() in page.text.lower()
    assert browser.get("/account/signup/code/").status_code == 410


def test_six_mails_to_one_address_are_too_many(browser, new_browser, wish):
    codes = [new_browser().post("/account/signup/", wish).status_code for _ in range(6)]
    assert codes == [302] * 5 + [429]
    assert len(mail.outbox) == 5


def test_an_open_account_leaves_its_owner_nothing_to_sign_up_for(browser, wish):
    browser.post("/account/signup/", wish)
    _type_code(browser, _mailed_code())
    assert browser.get("/account/signup/")["Location"] == "/appointments/"


def _mailed_code() -> str:
    found = re.search(r"^\d{6}\b", str(mail.outbox[-1].subject))
    assert found
    assert found[0] in mail.outbox[-1].body
    return found[0]


def _type_code(browser, code):
    return browser.post("/account/signup/code/", {"code": code})


def _two_pages(browser, wish) -> list[object]:
    """What a visitor sees, without tokens and the typed address."""
    answer = browser.post("/account/signup/", wish)
    page = browser.get(answer["Location"])
    text = seen(page, wish["email"])
    return [answer.status_code, answer["Location"], page.status_code, text]
