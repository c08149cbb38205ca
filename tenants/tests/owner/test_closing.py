"""A clinic is closed by its owner, who may take it back until its time is over."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now as current_time

from bookings.tests import make
from tenants import hosts, lifecycle
from tenants.context import platform_context
from tenants.models import Clinic, ClinicEvent

PAGE = "/clinic/"
CLOSE = "/clinic/close/"


@pytest.mark.parametrize("typed", ["riverside", " Riverside ", "riverside.localhost"])
def test_she_closes_it_and_keeps_it_after_all(owner, clinic, typed):
    asked = owner.get(CLOSE).text
    assert "Close Riverside Health?" in asked
    assert "patients are not told" in asked
    closed = owner.post(CLOSE, {"address": typed}, follow=True)
    row = _row(clinic)
    assert row.status == "closed"
    assert row.delete_after
    assert row.delete_after > current_time() + timedelta(days=29)
    assert "it is deleted for good" in closed.text
    assert f"{row.delete_after.astimezone(clinic.zone):%H:%M}" in closed.text

    kept = owner.post("/clinic/reopen/", follow=True)
    assert "is kept: nothing is deleted" in kept.text
    row = _row(clinic)
    assert (row.status, row.delete_after) == ("active", None)
    with platform_context():
        kinds = ClinicEvent.objects.filter(clinic_id=clinic.pk).values_list(
            "kind", flat=True
        )
        assert list(kinds)[:2] == ["reopened", "closed"]


@pytest.mark.parametrize("typed", ["", "harbor", "yes", "riverside\x00", "r" * 1000])
def test_another_word_closes_nothing(owner, clinic, typed):
    page = owner.post(CLOSE, {"address": typed})
    assert page.status_code == 422
    assert "There is something to put right" in page.text
    assert _row(clinic).status == "active"


def test_a_closed_one_is_its_owners_only(owner, clinic, clinic_client):
    owner.post(CLOSE, {"address": "riverside"})
    page = owner.get(PAGE)
    assert page.status_code == 200
    assert "Keep my clinic" in page.text
    assert "Prepare an export" in page.text
    assert "Close the clinic" not in page.text
    assert owner.get("/clinic/events/").status_code == 200
    for path in ("/", "/appointments/", "/admin/"):
        assert clinic_client.get(path).status_code == 410
    receptionist = Client(headers={"host": "riverside.localhost"})
    receptionist.force_login(make.user(role="reception"))
    assert receptionist.get(PAGE).status_code == 403


def test_she_can_log_in_to_a_closed_one(clinic, clinic_client):
    make.user(role="owner", email="olga@riverside.example", password="four old boots")
    lifecycle.close(clinic, by="olga@riverside.example")
    asked = clinic_client.get(PAGE)
    assert asked["Location"] == "/account/login/?next=/clinic/"
    sent = {
        "email": "olga@riverside.example",
        "password": "four old boots",
        "next": "/clinic/",
    }
    page = clinic_client.post("/account/login/", sent, follow=True)
    assert "Keep my clinic" in page.text


def test_closing_twice_and_keeping_twice_change_nothing_more(owner, clinic):
    owner.post(CLOSE, {"address": "riverside"})
    first = _row(clinic).delete_after
    assert owner.post(CLOSE, {"address": "riverside"})["Location"] == "/clinic/#main"
    assert owner.get(CLOSE)["Location"] == "/clinic/#main"
    assert _row(clinic).delete_after == first
    owner.post("/clinic/reopen/")
    again = owner.post("/clinic/reopen/", follow=True)
    assert "this cannot be done now" in again.text
    assert _row(clinic).status == "active"


def test_opening_an_address_closes_nothing(owner, clinic):
    assert owner.get(CLOSE + "?address=riverside").status_code == 200
    assert owner.get("/clinic/reopen/").status_code == 405
    assert _row(clinic).status == "active"


def _row(clinic) -> Clinic:
    hosts.forget()
    with platform_context():
        return Clinic.objects.get(pk=clinic.pk)
