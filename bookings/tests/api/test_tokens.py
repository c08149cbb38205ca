"""Who gets a token, who does not, and how often one may guess."""

import pytest

from accounts.models import User
from accounts.tokens import issue
from bookings.tests import make
from bookings.tests.api.conftest import Caller


def ask(caller, email="elif@mail.example", password=make.PASSWORD):
    return caller.post("auth/token/", {"email": email, "password": password})


def test_a_password_buys_tokens_that_open_what_is_private(guest, elif_kaya, clinic):
    pair = ask(guest, email=" Elif@Mail.example").json()

    answer = guest.client.get(
        "/api/v1/appointments/", headers={"authorization": f"Bearer {pair['access']}"}
    )
    assert set(pair) == {"access", "refresh"}
    assert answer.status_code == 200


def test_unknown_address_and_wrong_password_get_the_same_answer(guest, elif_kaya):
    wrong = ask(guest, password="not the password")
    unknown = ask(guest, email="nobody@mail.example")

    assert wrong.status_code == 401
    assert wrong.json()["code"] == "not_authenticated"
    assert wrong["WWW-Authenticate"] == "Bearer"
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())


def test_who_is_barred_gets_no_token(guest, elif_kaya):
    User.objects.update(is_active=False)

    assert ask(guest).status_code == 401


def test_a_refresh_token_buys_a_new_pair_and_an_access_token_none(
    guest, elif_kaya, clinic
):
    pair = issue(elif_kaya, clinic.pk)

    assert guest.post("auth/refresh/", {"refresh": pair.refresh}).status_code == 200
    for wrong in (pair.access, "x.y.z", "é"):
        answer = guest.post("auth/refresh/", {"refresh": wrong})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_ten_wrong_passwords_at_one_account_and_no_more(guest, elif_kaya):
    wrong = [ask(guest, password="guess").status_code for _ in range(10)]
    answer = ask(guest)  # even the right one

    assert wrong == [401] * 10
    assert answer.status_code == 429
    assert answer.json()["code"] == "throttled"
    assert 0 < int(answer["Retry-After"]) <= 900


def test_fifty_wrong_passwords_from_one_address_and_no_more(guest, elif_kaya):
    wrong = [ask(guest, email=f"a{n}@mail.example").status_code for n in range(50)]

    assert wrong == [401] * 50
    assert ask(guest).status_code == 429


def test_two_hundred_right_passwords_are_no_guesses(guest, elif_kaya):
    assert {ask(guest).status_code for _ in range(200)} == {200}


def test_a_token_of_one_clinic_is_nothing_at_another(elif_kaya, clinic, other_clinic):
    there = Caller(other_clinic)
    there.client.defaults["HTTP_AUTHORIZATION"] = (
        f"Bearer {issue(elif_kaya, clinic.pk).access}"
    )

    for path in ("appointments/", "doctors/", "slots/"):
        answer = there.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("value", ["Bearer", "Bearer a b", "Basic x", "Bearer \xe9"])
def test_a_header_that_is_no_token_is_refused(guest, value):
    answer = guest.client.get("/api/v1/doctors/", headers={"authorization": value})

    assert answer.status_code == 401


def test_a_browsers_session_is_no_token(guest, elif_kaya):
    guest.client.force_login(elif_kaya, "accounts.backends.EmailBackend")

    assert guest.get("appointments/").status_code == 401
