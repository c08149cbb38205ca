"""The Host header alone says which clinic it is; who is nobody's gets no data."""

import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now as current_time

from tenants import hosts
from tenants.context import platform_context
from tenants.models import Clinic, Domain, Plan

LOGIN = "/account/login/"
BOTH = ["riverside.localhost", "harbor.localhost"]


@pytest.mark.parametrize(
    "host",
    [
        "riverside.localhost",
        "riverside.localhost:8000",
        "riverside.localhost:1",
        "RIVERSIDE.localhost",
        "Riverside.LocalHost:80",
        "riverside.localhost.",
        "riverside.localhost.:8000",
    ],
)
def test_a_clinic_answers_on_its_host(clinic, host):
    assert "Riverside Health" in _get(host).text


@pytest.mark.parametrize(
    "host",
    [
        "nobody.localhost",
        "127.0.0.1",
        "127.0.0.1:8000",
        "[::1]:8000",
        "example.com",
        "a.riverside.localhost",
        "riverside.localhost.example.com",
        "evil-riverside.localhost",
        "riverside",
        "riversidelocalhost",
        ".localhost",
        "localhost.localhost",
        "www.localhost",
        "admin.localhost",
        "public.localhost",
        "xn--riverside-x1a.localhost",
        "riverside.localhost:80@harbor.localhost",
        "riverside.localhost/..",
        "riverside\x00.localhost",
        "",
        "%" * 300,
    ],
)
def test_a_host_that_is_nobodys_gets_404_and_no_data(clinic, host):
    answer = _get(host)
    assert answer.status_code == 404
    assert "There is no clinic at this address" in answer.text
    assert "riverside" not in answer.text.lower()
    assert "Set-Cookie" not in answer


def test_the_schema_name_is_no_address(clinic):
    assert _get(f"{clinic.schema_name}.localhost").status_code == 404


def test_headers_of_proxies_choose_no_clinic(clinic, other_clinic):
    answer = _get(
        "riverside.localhost",
        **{
            "x-forwarded-host": "harbor.localhost",
            "forwarded": "host=harbor.localhost",
        },
    )
    assert "Riverside Health" in answer.text
    assert "Harbor" not in answer.text


def test_two_headers_of_proxies_make_no_clinic_of_an_unknown_host(clinic):
    answer = _get("nobody.localhost", **{"x-forwarded-host": "riverside.localhost"})
    assert answer.status_code == 404


def test_a_clinic_that_is_being_created_is_404(clinic):
    with platform_context():
        Clinic.objects.filter(pk=clinic.pk).update(status="creating")
    hosts.forget()
    assert _get("riverside.localhost").status_code == 404


@pytest.mark.parametrize(("status", "answer"), [("suspended", 403), ("closed", 410)])
def test_a_clinic_that_is_not_open_is_known_and_says_so(clinic, status, answer):
    with platform_context():
        Clinic.objects.filter(pk=clinic.pk).update(status=status)
    hosts.forget()
    assert _get("riverside.localhost").status_code == 200  # to log in
    assert _get("riverside.localhost", path="/").status_code == answer


def test_a_suspension_is_felt_within_seconds(clinic, monkeypatch):
    assert _get("riverside.localhost", path="/").status_code == 200
    with platform_context():
        Clinic.objects.filter(pk=clinic.pk).update(status="suspended")
    assert _get("riverside.localhost", path="/").status_code == 200
    _let_time_pass(monkeypatch)
    assert hosts.REMEMBER <= 5
    assert _get("riverside.localhost", path="/").status_code == 403


def test_one_look_tells_of_all_clinics_whether_they_are_as_they_were(
    clinic, other_clinic, monkeypatch
):
    known = [hosts.resolve(host) for host in BOTH]
    _let_time_pass(monkeypatch)

    with CaptureQueriesContext(connection) as queries:
        assert [hosts.resolve(host) for host in BOTH] == known == [clinic, other_clinic]

    (look,) = [q["sql"] for q in queries if "tenants_" in q["sql"]]
    assert "xmin" in look


@pytest.mark.parametrize("change", ["clinic", "plan", "domain", "deletion"])
def test_a_change_of_one_clinic_has_all_looked_up_anew(
    clinic, other_clinic, monkeypatch, change
):
    with platform_context():
        domain = Domain.objects.create(domain="a.example", tenant=clinic)
    _let_time_pass(monkeypatch)
    before = [hosts.resolve(host) for host in BOTH]
    with platform_context():
        match change:
            case "clinic":
                Clinic.objects.filter(pk=clinic.pk).update(name="Lakeside")
            case "plan":
                Plan.objects.create(name="New")
            case "domain":
                Domain.objects.create(domain="b.example", tenant=clinic)
            case "deletion":
                domain.delete()
    _let_time_pass(monkeypatch)

    after = [hosts.resolve(host) for host in BOTH]

    assert after == before
    assert not any(new is old for new, old in zip(after, before, strict=True))


def test_what_was_read_before_a_change_is_not_kept_after_it(clinic, monkeypatch):
    """Somebody else looks, and forgets all, while we are at it."""
    look_up = hosts._look_up

    def slowly(host):
        found = look_up(host)
        hosts.forget()
        return found

    monkeypatch.setattr(hosts, "_look_up", slowly)

    assert hosts.resolve(BOTH[0]) == clinic
    assert hosts.remembered(BOTH[0]) is None


def test_a_clinic_answers_on_its_own_domain_and_still_on_its_slug(clinic):
    with platform_context():
        Domain.objects.create(
            domain="book.riverside.example", tenant=clinic, verified_at=current_time()
        )
    assert "Riverside Health" in _get("Book.Riverside.Example:443").text
    assert "Riverside Health" in _get("riverside.localhost").text
    assert _get("www.book.riverside.example").status_code == 404


def test_a_freed_slug_is_nobodys_and_then_its_new_owners(clinic, other_clinic):
    with platform_context():
        Clinic.objects.filter(pk=clinic.pk).update(slug="riverside-old")
        hosts.forget()
        assert _get("riverside.localhost").status_code == 404
        Clinic.objects.filter(pk=other_clinic.pk).update(slug="riverside")
    hosts.forget()
    assert "Harbor Family Practice" in _get("riverside.localhost").text


def _let_time_pass(monkeypatch):
    later = time.monotonic() + hosts.REMEMBER
    monkeypatch.setattr(time, "monotonic", lambda: later)


def _get(host: str, *, path: str = LOGIN, **headers: str):
    return Client().get(path, headers={"host": host, **headers})
