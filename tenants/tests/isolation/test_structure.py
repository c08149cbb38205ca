"""What keeps clinics apart before any code of a page runs."""

import logging
from typing import Any

from django.conf import settings
from django.test import Client, RequestFactory

from tenants.context import clinic_context
from tenants.logs import ClinicFilter
from tenants.tests.isolation import checks


def test_no_connection_of_a_clinic_sees_public(twins):
    checks.search_path(twins)


def test_cookies_are_of_the_host_alone():
    """Set by no setting, and by no answer: the walk looks at each."""
    domains = [name for name in dir(settings) if name.endswith("_COOKIE_DOMAIN")]
    assert {name: getattr(settings, name) for name in domains} == dict.fromkeys(domains)
    assert settings.CSRF_TRUSTED_ORIGINS == []
    assert not settings.USE_X_FORWARDED_HOST


def test_every_host_is_allowed_to_ask_and_only_clinics_are_answered(twins):
    """ALLOWED_HOSTS is open, since own domains are rows: the middleware closes it."""
    assert settings.MIDDLEWARE[0] == "tenants.middleware.ClinicMiddleware"
    for host in (
        "evil.example",
        "localhost.evil.example",
        "riverside.localhost.evil.example",
        "evil.riverside.localhost",
        "riverside.localhost:80@evil.example",
        "127.0.0.1",
        "riverside..localhost",
    ):
        answer = Client(headers={"host": host}).get("/account/login/")
        assert (host, answer.status_code) == (host, 404)
        assert "riverside" not in answer.text.lower()


def test_another_origin_s_form_is_refused(twins):
    """A sibling's page is same-site to a browser: cookies come along."""
    browser = Client(headers={"host": "harbor.localhost"}, enforce_csrf_checks=True)
    browser.get("/account/login/")
    csrf = browser.cookies[settings.CSRF_COOKIE_NAME].value
    body = {"csrfmiddlewaretoken": csrf, "email": "x@mail.example", "password": "x"}
    for origin, status in {
        "http://harbor.localhost": 422,  # ours: only the password is wrong
        "http://riverside.localhost": 403,
        "https://harbor.localhost": 403,
        "http://localhost": 403,
        "null": 403,
    }.items():
        sent = browser.post("/account/login/", body, headers={"origin": origin})
        assert (origin, sent.status_code) == (origin, status)


def test_a_log_line_carries_the_clinic_of_its_request_or_thread(twins):
    riverside, harbor = twins
    line = logging.makeLogRecord({"msg": "said"})
    for clinic in twins:
        with clinic_context(clinic):
            ClinicFilter().filter(line)
        assert line.clinic == clinic.slug  # type: ignore[attr-defined]
    request: Any = RequestFactory().get("/")
    request.clinic = harbor
    line.__dict__["request"] = request
    with clinic_context(riverside):
        ClinicFilter().filter(line)
    assert line.clinic == "harbor"  # type: ignore[attr-defined]
