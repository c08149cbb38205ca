"""What a page says when it cannot do what was asked, and what every page carries."""

import json
import re

import pytest
from django.db import OperationalError
from django.test import Client

from bookings.models import Doctor, Practice, Slot
from bookings.pages import errors, home
from bookings.tests import make
from bookings.tests.pages import walking

PAGES = ["/", "/appointments/", "/privacy/", "/accessibility/", "/nowhere/"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_carry_nothing_that_the_policy_forbids(clinic_client: Client, path: str):
    answer = clinic_client.get(path)
    page = answer.content.decode()

    policy = answer["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    assert "unsafe" not in policy
    assert re.search(r"\sstyle=|<style|\son\w+=", page) is None
    for script in re.findall(r"<script[^>]*>", page):
        assert f'nonce="{nonce[1]}"' in script


@pytest.mark.parametrize("path", ["/nowhere/", "/doctors/nobody/", "/doctors/a b/"])
def test_a_page_that_is_none_offers_ways_on(clinic_client: Client, path: str):
    page = clinic_client.get(path)

    assert page.status_code == 404
    assert "We cannot find this page" in page.content.decode()
    assert "020 7946 0118" in page.content.decode()


@pytest.mark.parametrize("path", ["/?need=%00", "/doctors/%00/", "/?a=\x00"])
def test_signs_that_mean_nothing_are_refused(clinic_client: Client, path: str):
    assert clinic_client.get(path).status_code == 400


def test_a_lost_database_is_said_plainly(
    clinic_client: Client, monkeypatch: pytest.MonkeyPatch
):
    def lost(*_: object, **__: object) -> None:
        raise OperationalError

    monkeypatch.setattr(home, "render", lost)
    answer = clinic_client.get("/")

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "We cannot do this just now" in answer.content.decode()


def test_the_page_of_last_resort_asks_the_database_nothing(
    clinic_client: Client, django_assert_num_queries
):
    request = clinic_client.get("/").wsgi_request
    with django_assert_num_queries(0):
        answer = errors.server_error(request)

    assert answer.status_code == 500
    assert "Nothing you booked is lost" in answer.content.decode()


def test_the_api_is_answered_in_its_own_words(rf):
    answer = errors.server_error(rf.get("/api/v1/slots/"))

    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["status"] == 500


def test_too_many_tries_of_one_address_must_wait(
    clinic_client: Client, slots: list[Slot], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bookings.pages.limits._LIMIT", 1)
    monkeypatch.setattr("django.conf.settings.RATE_LIMITS", True)
    walking.choose(clinic_client, slots[0])
    answer = walking.choose(clinic_client, slots[1])

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "Nothing was changed" in " ".join(answer.content.decode().split())


def test_the_clinics_colour_is_a_sheet_of_its_own(
    clinic_client: Client, practice: Practice
):
    Practice.objects.filter(pk=practice.pk).update(brand_hue=300, brand_chroma="0.1")

    page = clinic_client.get("/").content.decode()
    url = re.search(r'href="(/brand\.css\?v=[0-9a-f]+)"', page)
    assert url is not None
    sheet = clinic_client.get(url[1])

    assert sheet.content == b":root { --brand-h: 300; --brand-c: 0.100 }"
    assert "immutable" in sheet["Cache-Control"]


def test_drawings_can_do_nothing(clinic_client: Client, doctor: Doctor):
    Doctor.objects.filter(pk=doctor.pk).update(portrait_svg="<svg><script/></svg>")

    for path in ("/logo.svg", f"/doctors/{doctor.slug}/portrait.svg"):
        answer = clinic_client.get(path)
        assert answer["Content-Type"] == "image/svg+xml"
        assert answer["Content-Security-Policy"].startswith("default-src 'none'")


def test_names_are_shown_as_text(clinic_client: Client, slots: list[Slot]):
    evil = '<img src=x onerror="alert(1)">{{7*7}}'
    url = walking.book(clinic_client, slots[0], name=evil)["Location"]

    page = clinic_client.get(url).content.decode()

    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_staff_find_their_rooms(clinic_client: Client):
    clinic_client.force_login(make.user(role="reception"))

    assert 'href="/admin/"' in clinic_client.get("/").content.decode()
