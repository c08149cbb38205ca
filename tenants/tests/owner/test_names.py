"""The owner's own domains on the page. Only the name servers are made up."""

from functools import partial

import pytest
from django.test import Client

from tenants import domains
from tenants.context import platform_context
from tenants.models import Clinic, Domain
from tenants.tests.nameserving import BY, NAME, primary, verified

PAGE = "/clinic/"


@pytest.fixture
def checked(monkeypatch, zones):
    """The page's checks ask these name servers."""
    asking = partial(domains.verify, resolver=zones)
    monkeypatch.setattr("tenants.owner.names.domains.verify", asking)
    return zones


def test_she_brings_a_domain_and_makes_it_primary(owner, clinic, checked):
    added = owner.post(PAGE + "domains/", {"domain": f" {NAME.upper()}. "}, follow=True)
    [domain] = domains.of(clinic)
    txt_name, txt_value = domains.txt_record(domain)
    for said in (NAME, 'value="riverside.localhost"', txt_name, txt_value):
        assert said in added.text
    assert "Not yet verified" in added.text

    refused = _do(owner, domain, "check")
    assert "We did not find this TXT record" in refused.text
    assert 'class="note bad" role="alert"' in refused.text

    checked.publish(domain)
    assert "is verified" in _do(owner, domain, "check").text
    assert "Make it primary" in owner.get(PAGE).text
    assert f"Links name {NAME} from now on" in _do(owner, domain, "primary").text
    assert _clinic(clinic).primary_domain == NAME

    assert "Links name riverside.localhost" in _do(owner, None, "primary").text
    assert _clinic(clinic).primary_domain == ""


def test_a_mistyped_domain_is_said_and_kept(owner, clinic):
    typed = "https://book.riverside.example/?a=<b>"
    page = owner.post(PAGE + "domains/", {"domain": typed})
    assert page.status_code == 422
    assert "no https://, no port" in page.text
    assert 'value="https://book.riverside.example/?a=&lt;b&gt;"' in page.text
    assert domains.of(clinic) == []
    assert owner.get(PAGE + "domains/")["Location"] == "/clinic/#domains"


@pytest.mark.parametrize(
    "typed", ["", "\x00", "\ud800", "x" * 400, "🏥" * 60, "riverside.localhost"]
)
def test_odd_input_is_refused_in_words(owner, clinic, typed):
    body = f"domain={typed}".encode(errors="surrogatepass")
    kind = "application/x-www-form-urlencoded"
    page = owner.post(PAGE + "domains/", body, content_type=kind)
    assert page.status_code == 422
    assert "There is something to put right" in page.text
    assert domains.of(clinic) == []


def test_one_too_many_is_refused_in_words(owner, clinic):
    for number in range(domains.MOST):
        domains.add(clinic, f"n{number}.example", by=BY)
    page = owner.post(PAGE + "domains/", {"domain": "one-more.example"})
    assert "Remove one first" in page.text
    assert "as many as there can be" in owner.get(PAGE).text


def test_name_servers_that_are_away_are_said(owner, clinic, checked):
    domain = domains.add(clinic, NAME, by=BY)
    checked.is_away = True
    assert "did not answer" in _do(owner, domain, "check").text


def test_checks_are_limited(owner, clinic, checked, settings):
    settings.RATE_LIMITS = True
    domain = domains.add(clinic, NAME, by=BY)
    for _time in range(31):
        owner.post(f"/clinic/domains/{domain.pk}/check/")
    assert len(checked.asked) == 30
    assert "You checked very often" in owner.get(PAGE).text


def test_removing_asks_first(owner, clinic, zones):
    domain = primary(clinic, zones)
    path = f"/clinic/domains/{domain.pk}/remove/"
    asked = owner.get(path)
    assert "The clinic stops answering there at once" in asked.text
    assert domains.of(clinic)
    assert f"{NAME} is removed" in owner.post(path, follow=True).text
    assert domains.of(clinic) == []
    assert owner.post(path).status_code == 404


@pytest.mark.parametrize("what", ["check", "primary", "remove"])
def test_domains_of_another_clinic_are_nowhere(
    owner, clinic, other_clinic, zones, what
):
    theirs = verified(other_clinic, zones)
    for pk in (theirs.pk, 10**30):
        assert owner.post(f"/clinic/domains/{pk}/{what}/").status_code == 404
    assert owner.get(f"/clinic/domains/{theirs.pk}/remove/").status_code == 404
    assert domains.of(other_clinic) == [theirs]
    assert _clinic(clinic).primary_domain == ""
    assert NAME not in owner.get(PAGE).text


def test_a_lost_record_is_told(owner, clinic, zones):
    domain = primary(clinic, zones)
    with platform_context():
        mine = Domain.objects.filter(pk=domain.pk)
        mine.update(missing_since="2026-03-01T23:30Z")
        missing = owner.get(PAGE).text
        mine.update(verified_at=None, is_primary=False)
    assert "or the clinic stops answering" in missing
    assert "4 Mar 2026, 23:30" in missing
    assert "was gone for three days" in owner.get(PAGE).text


def test_only_her_pages_may_send_it(clinic, owner, zones):
    domain = verified(clinic, zones)
    strict = Client(
        enforce_csrf_checks=True, headers={"host": f"{clinic.slug}.localhost"}
    )
    strict.cookies = owner.cookies
    assert strict.post(f"/clinic/domains/{domain.pk}/primary/").status_code == 403
    assert _clinic(clinic).primary_domain == ""


def _do(owner, domain, what):
    pk = domain.pk if domain else "none"
    return owner.post(f"/clinic/domains/{pk}/{what}/", follow=True)


def _clinic(clinic) -> Clinic:
    with platform_context():
        return Clinic.objects.get(pk=clinic.pk)
