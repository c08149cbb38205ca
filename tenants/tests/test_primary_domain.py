"""The primary domain: who chooses it, which links name it, and who is led there."""

import re
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import mail as account_mail
from accounts import resets
from bookings.interop import links
from bookings.models import OutboxMessage
from bookings.outbox import mail as messages
from bookings.tests import make
from bookings.tests.outbox.booking import book
from tenants import domains
from tenants.asgi import _admit
from tenants.context import platform_context
from tenants.domains import DomainError
from tenants.models import Clinic, Domain
from tenants.tests.nameserving import BY, NAME, NOW, answer_on, notes, primary, verified

PLATFORM = "riverside.localhost:8000"
OTHER = "visit.riverside.example"


# The choice ------------------------------------------------------------------------------


def test_the_first_one_is_not_primary_until_it_is_chosen(clinic, zones):
    domain = verified(clinic, zones)
    assert not domain.is_primary
    assert clinic.host == clinic.platform_host
    domains.make_primary(clinic, domain, by=BY)
    assert clinic.url("/x/") == f"http://{NAME}/x/"
    with platform_context():
        assert [each.is_primary for each in domains.of(clinic)] == [True]


def test_another_choice_replaces_it_and_none_ends_it(clinic, zones):
    primary(clinic, zones)
    second = primary(clinic, zones, "visit.riverside.example")
    assert clinic.primary_domain == second.domain
    assert [each.is_primary for each in domains.of(clinic)] == [False, True]
    domains.make_primary(clinic, None, by=BY)
    assert clinic.primary_domain == ""
    assert not any(each.is_primary for each in domains.of(clinic))


def test_only_a_verified_domain_of_ones_own_is_chosen(clinic, other_clinic, zones):
    theirs = verified(other_clinic, zones)
    claimed = domains.add(clinic, "visit.riverside.example", by=BY)
    for domain in (theirs, claimed):
        with pytest.raises(DomainError):
            domains.make_primary(clinic, domain, by=BY)
    with platform_context():
        assert Clinic.objects.get(pk=clinic.pk).primary_domain == ""


def test_the_database_knows_it_too(clinic, zones):
    domain = primary(clinic, zones)
    unverified = {"is_primary": True, "tenant": clinic, "domain": "x.example"}
    with platform_context():
        for wrong in (unverified, unverified | {"verified_at": NOW}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Domain.objects.create(**wrong)
        domain.save()
        assert Domain.objects.get().is_primary is False  # as the caller last saw it


def test_removing_the_primary_leads_back_to_the_platform(clinic, zones):
    domain = primary(clinic, zones)
    for _time in range(2):
        domains.remove(domain, by=BY)
    assert answer_on(NAME) is None
    assert answer_on("riverside.localhost").primary_domain == ""
    assert notes()[0] == f"{NAME} removed"


# Links -----------------------------------------------------------------------------------


def test_every_link_in_mails_and_calendar_files_names_it(clinic, zones):
    primary(clinic, zones)
    appointment = book(patient=make.new_patient(email="elif@mail.example"))
    mail = messages.compose(OutboxMessage.objects.get())
    assert mail
    written = [
        bytes(part.get_payload(decode=True)).decode().replace("\r\n ", "")
        for part in mail.message().walk()
        if not part.is_multipart()
    ]
    assert len(written) == 3
    named = set(re.findall(r"https?://([^/\s\"<]+)", " ".join(written)))
    assert named == {NAME}
    assert links.appointment_url(appointment).startswith(f"http://{NAME}/appointments/")


def test_links_of_accounts_name_it(clinic, zones, mailoutbox):
    primary(clinic, zones)
    user = make.user(email="elif@mail.example")
    resets.send(clinic, user.email)
    account_mail.send_password_changed(clinic, user.email)
    named = re.findall(r"https?://([^/\s]+)", " ".join(m.body for m in mailoutbox))
    assert len(named) >= 3
    assert set(named) == {NAME}


def test_a_signed_link_is_good_at_every_host_of_the_clinic(clinic, other_client, zones):
    make.practice()
    appointment = book()
    old = links.appointment_url(appointment).removeprefix(f"http://{PLATFORM}")
    primary(clinic, zones)
    answer = _get(PLATFORM, old)
    assert (answer.status_code, answer["Location"]) == (307, f"http://{NAME}{old}")
    assert appointment.reference in _get(NAME, old).text
    assert other_client.get(old).status_code != 200


# Who is led there ------------------------------------------------------------------------


@pytest.mark.parametrize("host", [PLATFORM, "RIVERSIDE.localhost.", OTHER])
@pytest.mark.parametrize("path", ["/", "/privacy/?a=1&b=%20", "/nowhere/", "/admin/"])
def test_pages_are_led_to_the_primary_domain(clinic, zones, host, path):
    verified(clinic, zones, OTHER)
    primary(clinic, zones)
    for method in ("get", "head"):
        answer = getattr(_browser(host), method)(path)
        assert (answer.status_code, answer["Location"]) == (307, f"http://{NAME}{path}")
        assert "Cache-Control" not in answer


@pytest.mark.parametrize("path", ["/", "/clinic/", "/account/login/?next=/clinic/"])
def test_nobody_is_led_away_from_it(clinic, zones, path):
    primary(clinic, zones)
    for host in (NAME, NAME.upper(), f"{NAME}.", f"{NAME}:8000"):
        assert _get(host, path).status_code != 307


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/",
        "/api/nothing",
        "/ws/slots/",
        "/static/css/slotwell.css",
        "/brand.css",
        "/.well-known/acme-challenge/x",
        "/healthz",
        "/clinic/",
        "/account/login/?next=/clinic/",  # or a wrong DNS would lock the owner out
    ],
)
def test_programs_and_the_owner_are_not_led(clinic, zones, path):
    primary(clinic, zones)
    answer = _get(PLATFORM, path)
    _file = answer.streaming and list(answer)  # reading a file to its end closes it
    assert answer.status_code != 307


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_what_is_sent_is_not_led(clinic, zones, method):
    primary(clinic, zones)
    assert getattr(_browser(PLATFORM), method)("/").status_code != 307


@pytest.mark.parametrize(
    "headers", [{"HX-Request": "true"}, {"Sec-Fetch-Mode": "cors"}]
)
def test_what_an_open_page_reads_is_not_led(clinic, zones, headers):
    primary(clinic, zones)
    assert _get(PLATFORM, "/", **headers).status_code == 200
    assert _get(PLATFORM, "/", **{"Sec-Fetch-Mode": "navigate"}).status_code == 307


def test_without_a_primary_nobody_is_led(clinic, zones):
    verified(clinic, zones)
    for host in (PLATFORM, NAME):
        assert _get(host, "/").status_code == 200


def test_a_lost_primary_leads_to_no_dead_end(clinic, zones):
    domain = primary(clinic, zones)
    domains.remove(domain, by=BY)
    assert _get(PLATFORM, "/").status_code == 200
    assert _get(NAME, "/").status_code == 404


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%00", "/%ff"])
def test_an_odd_path_leads_nowhere_else(clinic, zones, path):
    primary(clinic, zones)
    answer = _get(PLATFORM, path)
    assert answer.get("Location", f"http://{NAME}/").startswith(f"http://{NAME}/")
    assert answer.status_code < 500


@pytest.mark.parametrize(
    "host",
    [f"{NAME}@evil.example", f"{NAME}.evil.example", f"evil.{NAME}", "evil.example"],
)
def test_a_forged_host_is_nobodys(clinic, zones, host):
    primary(clinic, zones)
    answer = _get(host, "/")
    assert (answer.status_code, "Location" in answer) == (404, False)
    forwarded = {"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}
    assert _get(PLATFORM, "/", **forwarded)["Location"] == f"http://{NAME}/"


def test_only_our_own_hosts_are_promised_to_be_secure_for_ever(clinic, zones, settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    verified(clinic, zones)
    promise = {
        host: _browser(host).get("/privacy/", secure=True)["Strict-Transport-Security"]
        for host in (PLATFORM, NAME)
    }
    assert promise[PLATFORM] == "max-age=31536000; includeSubDomains; preload"
    assert promise[NAME] == "max-age=31536000"


# Sockets -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [
        (f"http://{NAME}", True),
        (f"https://{NAME}", False),
        (f"http://{NAME}:8000", False),
        (f"http://{PLATFORM}", False),
        (f"http://evil.{NAME}", False),
        ("null", False),
    ],
)
def test_sockets_of_an_own_domain_are_opened_by_its_pages_only(
    clinic, zones, origin, is_let_in
):
    verified(clinic, zones)
    admitted = _admit({"host": NAME, "origin": origin})
    assert bool(admitted) == is_let_in
    assert _admit({"host": OTHER, "origin": f"http://{OTHER}"}) is None


def _browser(host: str, **headers: str) -> Client:
    return Client(headers={"host": host, **headers})


def _get(host: str, path: str, **headers: str):
    return _browser(host, **headers).get(path)


# Certificates --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("localhost", 200),
        ("riverside.localhost", 200),
        (NAME, 200),
        (NAME.upper(), 200),
        (OTHER, 404),  # claimed, not verified
        ("nobody.localhost", 404),
        (f"www.{NAME}", 404),
        ("", 404),
        ("127.0.0.1", 404),
        ("[::1", 404),
        ("\x00", 400),
        ("\ud800", 404),
        ("a" * 5000, 404),
    ],
)
def test_a_proxy_gets_certificates_for_hosts_that_are_answered(
    clinic, zones, domain, status
):
    verified(clinic, zones)
    domains.add(clinic, OTHER, by=BY)
    query = urlencode({"domain": domain.encode(errors="surrogatepass")})
    for host in ("10.0.0.7:8000", "localhost", PLATFORM):
        answer = _get(host, f"/may-have-certificate?{query}")
        assert (answer.status_code, "Set-Cookie" in answer) == (status, False)
