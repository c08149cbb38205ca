"""Verified domains are asked about each day, and claims are not kept for ever."""

from datetime import timedelta

from tenants import domains
from tenants.context import platform_context
from tenants.models import Domain
from tenants.tests.nameserving import BY, NAME, NOW, answer_on, notes, primary, verified


def test_a_verified_domain_is_asked_about_once_a_day(clinic, zones):
    verified(clinic, zones)
    zones.asked.clear()
    domains.check_again(NOW + timedelta(hours=23), resolver=zones)
    assert zones.asked == []
    domains.check_again(NOW + timedelta(hours=24), resolver=zones)
    domains.check_again(NOW + timedelta(hours=25), resolver=zones)
    assert len(zones.asked) == 1


def test_it_is_lost_after_three_days_without_its_record(clinic, zones):
    domain = primary(clinic, zones)
    zones.take_back(domain)
    gone = NOW + timedelta(days=1)
    domains.check_again(gone, resolver=zones)
    assert domains.of(clinic)[0].missing_since == gone
    domains.check_again(gone + timedelta(days=2, hours=23), resolver=zones)
    assert answer_on(NAME).primary_domain == NAME
    domains.check_again(gone + timedelta(days=4), resolver=zones)
    assert answer_on(NAME) is None
    assert answer_on("riverside.localhost").primary_domain == ""
    assert notes()[0] == f"{NAME} stopped: its record is gone"
    zones.publish(domain)
    domains.verify(domain, resolver=zones, now=gone + timedelta(days=5))
    assert answer_on(NAME) == clinic
    assert domains.of(clinic)[0].missing_since is None


def test_a_record_that_comes_back_in_time_is_as_if_never_gone(clinic, zones):
    domain = primary(clinic, zones)
    zones.take_back(domain)
    domains.check_again(NOW + timedelta(days=1), resolver=zones)
    zones.publish(domain)
    domains.check_again(NOW + timedelta(days=2), resolver=zones)
    assert domains.of(clinic)[0].missing_since is None
    zones.take_back(domain)
    domains.check_again(NOW + timedelta(days=5), resolver=zones)
    assert answer_on(NAME).primary_domain == NAME


def test_name_servers_that_are_away_for_weeks_take_nothing_away(clinic, zones):
    primary(clinic, zones)
    zones.is_away = True
    for day in range(1, 30):
        domains.check_again(NOW + timedelta(days=day), resolver=zones)
    assert answer_on(NAME).primary_domain == NAME
    assert domains.of(clinic)[0].missing_since is None


def test_claims_without_proof_are_forgotten_after_a_week(clinic, zones):
    verified(clinic, zones)
    claimed = domains.add(clinic, "visit.riverside.example", by=BY)
    domains.forget_unproved(claimed.created_at + timedelta(days=6, hours=23))
    assert len(domains.of(clinic)) == 2
    domains.forget_unproved(claimed.created_at + timedelta(days=7))
    assert [each.domain for each in domains.of(clinic)] == [NAME]


def test_a_lost_one_is_shown_for_a_week_more(clinic, zones):
    domain = verified(clinic, zones)
    with platform_context():
        Domain.objects.update(verified_at=None, missing_since=NOW, created_at=NOW)
    domains.forget_unproved(NOW + timedelta(days=9, hours=23))
    assert domains.of(clinic) == [domain]
    domains.forget_unproved(NOW + timedelta(days=10))
    assert domains.of(clinic) == []
