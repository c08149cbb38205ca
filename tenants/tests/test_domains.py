"""Own domains: who may have which, what proves it, and how it is lost again."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from tenants import domains
from tenants.context import platform_context
from tenants.domains import DomainError, HeldError, NotProvedError
from tenants.models import Clinic, ClinicEvent, Domain
from tenants.nameservers import LookupFailedError
from tenants.tests.nameserving import (
    BY,
    NAME,
    NOW,
    Zones,
    answer_on,
    notes,
    primary,
    verified,
)

# Names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("book.riverside.example", "book.riverside.example"),
        ("  Book.Riverside.EXAMPLE. ", "book.riverside.example"),
        ("ärzte.example", "xn--rzte-koa.example"),
        ("ÄRZTE。example", "xn--rzte-koa.example"),
        ("faß.example", "xn--fa-hia.example"),  # as browsers do, not fass.example
        ("xn--fa-hia.example", "xn--fa-hia.example"),
        ("riverside.localhost.example", "riverside.localhost.example"),
        ("notlocalhost.example", "notlocalhost.example"),
    ],
)
def test_a_name_is_kept_as_browsers_send_it(clinic, typed, kept):
    assert domains.add(clinic, typed, by=BY).domain == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        ".",
        "riverside",
        "localhost",
        "riverside.localhost",
        "Harbor.LOCALHOST.",
        "a.b.riverside.localhost",
        "192.0.2.7",
        "0x7f.1",
        "1.2.3.0x7f",
        "[2001:db8::7]",
        "2001:db8::7",
        "book.riverside.example:443",
        "https://book.riverside.example",
        "book.riverside.example/",
        "*.riverside.example",
        "_slotwell.riverside.example",
        "me@riverside.example",
        "book riverside.example",
        "book..riverside.example",
        ".riverside.example",
        "-a.example",
        "a-.example",
        "xn--zzzzzz99.example",
        f"{'a' * 64}.example",
        ".".join(["a" * 50] * 6),
        "a" * 100_000,
        "book\x00.riverside.example",
        "book\udcff.riverside.example",
        "book\u202e.riverside.example",
        "🏥.example",
        "book.riverside.example\nevil.example",
    ],
)
def test_what_is_no_name_of_their_own_is_refused_in_words(clinic, typed):
    with pytest.raises(ValidationError) as refused:
        domains.add(clinic, typed, by=BY)
    assert refused.value.messages[0]
    assert domains.of(clinic) == []


def test_adding_it_again_is_the_same_claim(clinic):
    first = domains.add(clinic, NAME, by=BY)
    again = domains.add(clinic, NAME.upper(), by=BY)
    assert (again.pk, again.token) == (first.pk, first.token)


def test_a_clinic_cannot_hoard_names(clinic):
    for number in range(domains.MOST):
        domains.add(clinic, f"n{number}.example", by=BY)
    with pytest.raises(DomainError, match="Remove one first"):
        domains.add(clinic, "one-more.example", by=BY)
    assert domains.add(clinic, "n0.example", by=BY)


# Proof ---------------------------------------------------------------------------------


def test_the_record_makes_the_clinic_answer(clinic, zones):
    domain = domains.add(clinic, NAME, by=BY)
    assert answer_on(NAME) is None
    zones.publish(domain)
    domains.verify(domain, by=BY, resolver=zones, now=NOW)
    assert zones.asked == [f"_slotwell.{NAME}"]
    assert domain.verified_at == NOW
    assert answer_on(f"{NAME}:443") == clinic
    assert clinic.primary_domain == ""
    assert notes() == [f"{NAME} verified", f"{NAME} added"]


@pytest.mark.parametrize(
    "texts",
    [
        [],  # what NXDOMAIN and an empty answer are
        ["slotwell="],
        ["slotwell=00000000000000000000000000000000"],
        ["v=spf1 -all", "\ufffd" * 300],
    ],
)
def test_another_record_proves_nothing(clinic, zones, texts):
    domain = domains.add(clinic, NAME, by=BY)
    zones.texts[f"_slotwell.{NAME}"] = texts
    with pytest.raises(NotProvedError):
        domains.verify(domain, resolver=zones)
    assert answer_on(NAME) is None


def test_other_texts_beside_it_do_no_harm(clinic, zones):
    domain = domains.add(clinic, NAME, by=BY)
    _name, text = domains.txt_record(domain)
    zones.texts[f"_slotwell.{NAME}"] = ["v=spf1 -all", f" {text} "]
    domains.verify(domain, resolver=zones)
    assert answer_on(NAME) == clinic


def test_name_servers_that_are_away_prove_nothing_either_way(clinic, zones):
    domain = domains.add(clinic, NAME, by=BY)
    zones.publish(domain)
    zones.is_away = True
    with pytest.raises(LookupFailedError):
        domains.verify(domain, resolver=zones)
    assert answer_on(NAME) is None


def test_a_claim_that_was_removed_meanwhile_is_not_verified(clinic, zones):
    domain = domains.add(clinic, NAME, by=BY)
    zones.publish(domain)

    def slow(name):
        domains.remove(Domain.objects.get(pk=domain.pk), by=BY)
        return zones(name)

    with platform_context(), pytest.raises(DomainError, match="was removed"):
        domains.verify(domain, resolver=slow)
    assert answer_on(NAME) is None


# One name, several clinics -------------------------------------------------------------


def test_a_claim_of_somebody_else_blocks_nobody(clinic, other_clinic, zones):
    squatting = domains.add(other_clinic, NAME, by="owner@harbor.example")
    verified(clinic, zones)
    assert answer_on(NAME) == clinic
    with pytest.raises(NotProvedError):
        domains.verify(squatting, resolver=zones)
    assert answer_on(NAME) == clinic


def test_a_name_that_was_sold_goes_to_who_can_prove_it(clinic, other_clinic, zones):
    sold = primary(other_clinic, zones)
    zones.take_back(sold)
    verified(clinic, zones)
    assert answer_on(NAME) == clinic
    with platform_context():
        assert Clinic.objects.get(pk=other_clinic.pk).primary_domain == ""
        assert Domain.objects.get(pk=sold.pk).verified_at is None


@pytest.mark.parametrize("is_away", [True, False])
def test_it_stays_with_who_has_it_while_their_record_may_stand(
    clinic, other_clinic, zones, is_away
):
    theirs = verified(other_clinic, zones)
    mine = domains.add(clinic, NAME, by=BY)
    zones.publish(mine)

    def resolver(name):
        first_question = not zones.asked[1:]
        if is_away and not first_question:
            raise LookupFailedError("away")
        return zones(name)

    with pytest.raises(HeldError, match="Another clinic"):
        domains.verify(mine, resolver=resolver)
    assert answer_on(NAME) == other_clinic
    assert theirs.verified_at


@pytest.mark.usefixtures("committed")
def test_two_clinics_that_prove_one_name_at_once_are_not_both_answered(monkeypatch):
    zones = Zones()
    with platform_context():
        claims = [
            domains.add(each, NAME, by=BY)
            for each in Clinic.objects.filter(slug__in=["riverside", "harbor"])
        ]
    for claim in claims:
        zones.publish(claim)
    both_looked = threading.Barrier(2)
    look = domains._drop_former_holder

    def look_together(*args: Any, **kwargs: Any) -> None:
        look(*args, **kwargs)
        both_looked.wait(5)

    monkeypatch.setattr(domains, "_drop_former_holder", look_together)

    def verify(claim: Domain) -> Any:
        try:
            domains.verify(claim, resolver=zones, now=NOW)
        except HeldError as error:
            return error
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(verify, claims))
        assert [type(each) for each in results if each] == [HeldError]
        with platform_context():
            assert Domain.objects.filter(verified_at__isnull=False).count() == 1
    finally:
        with platform_context():
            Domain.objects.all().delete()
            ClinicEvent.objects.filter(kind="domain").delete()
