"""Equal ids, addresses and passwords at two clinics, and yet nothing crosses over."""

import pytest
from django.contrib.sessions.models import Session
from django.db import ProgrammingError, connection, transaction
from django.test import Client, RequestFactory
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import resets, tokens
from accounts.authentication import JWTAuthentication
from accounts.models import User
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic

PASSWORD = "correct horse battery"
ELIF = {"email": "elif@mail.example", "name": "Elif of Riverside"}
TWIN = {"email": "elif@mail.example", "name": "Elif of Harbor"}


@pytest.fixture
def elif_(clinic) -> User:
    return User.objects.create_user(password=PASSWORD, **ELIF)


@pytest.fixture
def twin(elif_, other_clinic) -> User:
    """Somebody else, at harbor, whose row has the same id, address and password."""
    with clinic_context(other_clinic):
        made = User(pk=elif_.pk, password=elif_.password, **TWIN)
        made.save(force_insert=True)
    return made


@pytest.fixture
def operator(db) -> User:
    """An operator with the same id again."""
    with platform_context():
        return User.objects.create_user(
            "elif@mail.example", PASSWORD, name="Canary", role="operator"
        )


def test_a_session_of_riverside_is_anonymous_at_harbor(
    clinic_client, other_client, elif_, twin
):
    _log_in(clinic_client)
    assert "Elif of Riverside" in clinic_client.get("/account/").text
    other_client.cookies = clinic_client.cookies
    answer = other_client.get("/account/")
    assert answer["Location"].startswith("/account/login/")
    assert "Elif of" not in answer.text


def test_even_a_session_with_the_same_key_is_its_own(
    clinic_client, other_client, other_clinic, elif_, twin
):
    """As if harbor had a session of that key by chance: it is whose harbor says."""
    _log_in(clinic_client)
    copied = Session.objects.get(pk=clinic_client.session.session_key)
    with clinic_context(other_clinic):
        Session(copied.pk, copied.session_data, copied.expire_date).save()
    other_client.cookies = clinic_client.cookies
    page = other_client.get("/account/")
    assert "Elif of Riverside" not in page.text


def test_a_session_of_the_platform_is_anonymous_at_a_clinic(
    clinic_client, operator, elif_
):
    platform = Client(headers={"host": "localhost"})
    with platform_context():
        platform.force_login(operator)
    clinic_client.cookies = platform.cookies
    assert clinic_client.get("/account/").status_code == 302


def test_an_account_of_one_clinic_does_not_log_in_at_another(
    clinic_client, other_client, operator, elif_
):
    body = {"email": elif_.email, "password": PASSWORD}
    assert other_client.post("/account/login/", body).status_code == 422
    assert clinic_client.post("/account/login/", body).status_code == 302


def test_a_token_of_riverside_is_refused_at_harbor(clinic, other_clinic, elif_, twin):
    pair = tokens.issue(elif_, clinic.pk)
    with clinic_context(other_clinic):
        with pytest.raises(tokens.InvalidTokenError):
            tokens.owner_of(pair.access, other_clinic.pk, "access")
        with pytest.raises(tokens.InvalidTokenError):
            tokens.owner_of(pair.refresh, other_clinic.pk, "refresh")
    assert tokens.owner_of(pair.access, clinic.pk, "access") == elif_


def test_the_api_refuses_a_token_of_another_clinic(clinic, other_clinic, elif_, twin):
    bearer = f"Bearer {tokens.issue(elif_, clinic.pk).access}"
    with clinic_context(other_clinic), pytest.raises(AuthenticationFailed):
        JWTAuthentication().authenticate(_api_request(bearer, other_clinic))
    found = JWTAuthentication().authenticate(_api_request(bearer, clinic))
    assert found == (elif_, None)


def test_a_reset_token_of_riverside_is_none_at_harbor(
    clinic, other_clinic, elif_, twin
):
    uid, token = resets.link_for(elif_, clinic).split("/")[-3:-1]
    with clinic_context(other_clinic):
        assert resets.owner_of(uid, token, other_clinic) is None
    assert resets.owner_of(uid, token, clinic) == elif_


def test_what_one_clinic_writes_the_other_does_not_read(
    clinic, other_clinic, elif_, twin, operator
):
    User.objects.filter(pk=elif_.pk).update(name="Changed")
    with clinic_context(other_clinic):
        assert [user.name for user in User.objects.all()] == ["Elif of Harbor"]
    with platform_context():
        assert User.objects.get(pk=operator.pk).name == "Canary"


def test_the_platforms_tables_are_out_of_a_clinics_reach(clinic):
    with pytest.raises(ProgrammingError), transaction.atomic():
        Clinic.objects.count()


@pytest.fixture
def _no_user_table(committed):
    """Riverside has lost its table of users; the platform's own has a canary."""
    with platform_context():
        canary = User.objects.create_user(
            "elif@mail.example", PASSWORD, name="Canary", role="operator"
        )
    _rename("accounts_user", "gone")
    yield
    _rename("gone", "accounts_user")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.accounts_user WHERE id = %s", [canary.pk])


@pytest.mark.usefixtures("_no_user_table")
def test_a_missing_table_is_an_error_and_never_the_platforms_row():
    with pytest.raises(ProgrammingError, match="accounts_user"):
        User.objects.first()
    with pytest.raises(ProgrammingError, match="accounts_user"):
        User.objects.create_user("new@mail.example", PASSWORD)
    with platform_context():
        assert [user.name for user in User.objects.all()] == ["Canary"]


@pytest.mark.usefixtures("_no_user_table")
def test_a_missing_table_is_an_error_page_that_tells_nothing():
    browser = Client(
        headers={"host": "riverside.localhost"}, raise_request_exception=False
    )
    answer = _log_in(browser)
    assert answer.status_code in (500, 503)
    assert "Canary" not in answer.text
    assert "session" not in answer.cookies


def _api_request(authorization: str, clinic: Clinic) -> Request:
    plain = RequestFactory().get("/", headers={"authorization": authorization})
    plain.clinic = clinic  # type: ignore[attr-defined]
    return Request(plain)


def _rename(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{table}" RENAME TO "{name}"')


def _log_in(browser: Client):
    body = {"email": "elif@mail.example", "password": PASSWORD}
    return browser.post("/account/login/", body)
