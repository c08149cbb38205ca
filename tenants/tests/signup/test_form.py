"""What may be typed, what is said about it, and that nothing of it is lost."""

import json

import pytest
from django.core import mail

from tenants.models import Clinic
from tenants.signup.addresses import alternatives, proposal
from tenants.signup.zones import by_area
from tenants.tests.signup.conftest import NADIA, PASSWORD

BAD = [
    ("name", "", "Enter the clinic’s name."),
    ("name", " \u200b ", "Enter the clinic’s name."),
    ("name", "a\x00b", "Null characters are not allowed."),
    ("name", "n" * 200, "at most 120 characters"),
    ("slug", "", "Choose an address, such as willow-park-clinic."),
    ("slug", "ab", "Use 3 to 40 small letters"),
    ("slug", "a" * 200, "Use 3 to 40 small letters"),
    ("slug", "7up", "Use 3 to 40 small letters"),
    ("slug", "a--b", "Use 3 to 40 small letters"),
    ("slug", "willow.park", "Use 3 to 40 small letters"),
    ("slug", "zahnärzte", "Use 3 to 40 small letters"),
    ("slug", "🦷🦷🦷", "Use 3 to 40 small letters"),
    ("slug", "wil\x00low", "Null characters are not allowed."),
    ("slug", "admin", "This address is reserved."),
    ("slug", "WWW", "This address is reserved."),
    ("slug", "riverside", "“riverside” is taken. These are free: riverside-berlin"),
    ("timezone", "", "Choose a time zone."),
    ("timezone", "Mars/Olympus", "Choose a time zone such as Europe/London."),
    ("timezone", "../../etc/passwd", "Choose a time zone such as Europe/London."),
    ("timezone", "Europe/\x00", "Choose a time zone such as Europe/London."),
    ("owner", "", "Enter your name."),
    ("owner", "o" * 201, "at most 200 characters"),
    ("email", "nadia", "Enter an email address such as"),
    ("email", "n\x00@willow.example", "Null characters are not allowed."),
    ("email", f"{'n' * 200}@{'w' * 60}.example", "at most 254 characters"),
    ("password", "", "Enter your password."),
    ("password", "short", "at least 15 characters"),
    ("password", "nadia haddad 12", "too similar to the name"),
    ("password", "seven\x00copper lanterns", "Null characters are not allowed."),
]


@pytest.mark.parametrize(("field", "value", "said"), BAD)
def test_an_error_is_said_and_nothing_else_is_lost(clinic, browser, field, value, said):
    page = browser.post("/signup/", NADIA | {field: value})
    assert page.status_code == 422
    assert said in page.text
    assert f'href="#id_{field}"' in page.text
    for kept in {"name", "slug", "owner", "email"} - {field}:
        assert f'value="{NADIA[kept]}"' in page.text
    assert PASSWORD not in page.text
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "🦷 Zähne & <b>Co</b> “Kreuzberg”"),
        ("name", "مركز الصفصاف"),
        ("owner", "o" * 200),
        ("slug", "  Willow-PARK "),
        ("timezone", "America/Argentina/Buenos_Aires"),
        ("email", "Nadia+Clinic@Willow.example"),
    ],
)
def test_what_is_unusual_is_taken(browser, field, value):
    assert browser.post("/signup/", NADIA | {field: value}).status_code == 302
    assert browser.get("/signup/code/").status_code == 200
    assert len(mail.outbox) == 1


def test_bytes_that_are_no_text_are_no_error_of_ours(browser):
    for raw in (b"\xed\xa0\x80", b"\xff", b"%ED%A0%80"):
        body = b"name=" + raw + b"&slug=" + raw + b"&owner=" + raw + b"&timezone=" + raw
        kind = "application/x-www-form-urlencoded"
        page = browser.post("/signup/", body, content_type=kind)
        assert page.status_code == 422
    assert browser.get("/signup/check/?slug=%ED%A0%80").status_code == 200
    assert browser.get("/signup/check/?slug=%00").status_code == 400


def test_the_form_comes_back_as_it_was(browser):
    browser.post("/signup/", NADIA)
    page = browser.get("/signup/")
    for name in ("name", "slug", "owner", "email"):
        assert f'value="{NADIA[name]}"' in page.text
    assert '<option value="Europe/Berlin" selected>' in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("willow-park", "patients will find you at"),
        (" Willow-Park ", "willow-park.localhost:8000"),
        ("riverside", "“riverside” is taken. These are free: riverside-lima"),
        ("support", "This address is reserved."),
        ("a", "Use 3 to 40 small letters"),
        ("<b>", "Use 3 to 40 small letters"),
        ("x" * 5000, "Use 3 to 40 small letters"),
    ],
)
def test_an_address_is_judged_while_it_is_typed(clinic, browser, typed, said):
    query = {"slug": typed, "timezone": "America/Lima"}
    answer = browser.get("/signup/check/", query, headers={"hx-request": "true"})
    assert answer.status_code == 200
    assert said in answer.text
    assert "<html" not in answer.text


def test_nothing_typed_is_not_judged(browser):
    assert browser.get("/signup/check/").text == ""


def test_what_is_offered_instead_is_free(clinic, platform):
    assert alternatives("riverside", "Europe/London") == [
        "riverside-london",
        "riverside-clinic",
    ]
    Clinic.objects.create(slug="riverside-london", name="x", timezone="UTC")
    assert alternatives("riverside", "Europe/London") == [
        "riverside-clinic",
        "riverside-practice",
    ]
    assert alternatives("a" * 39) == []


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Willow Park Clinic", "willow-park-clinic"),
        ("  Dr. O'Brien & Söhne  ", "dr-obrien-sohne"),
        ("24/7 Dental", "dental"),
        ("عيادة", ""),
        ("🦷", ""),
        ("x" * 60, "x" * 40),
        ("A-", ""),
    ],
)
def test_an_address_is_proposed_from_the_name(name, slug):
    assert proposal(name) == slug


def test_every_zone_on_offer_is_one_that_a_clinic_may_have():
    names = [name for _area, zones in by_area() for name, _label in zones]
    assert {"Europe/London", "Asia/Calcutta", "Asia/Kolkata", "UTC"} <= set(names)
    clinic = Clinic(slug="willow", name="Willow")
    for clinic.timezone in names:
        clinic.clean_fields(exclude=["schema_name"])


def test_neither_code_nor_password_stand_in_the_session(browser):
    browser.post("/signup/", NADIA)
    kept = json.dumps(dict(browser.session))
    assert PASSWORD not in kept
    assert str(mail.outbox[0].subject)[:6] not in kept


def test_it_is_there_for_who_is_logged_in_too(browser):
    from accounts.models import User  # noqa: PLC0415

    operator = User.objects.create_user(
        "op@example.com", None, name="O", role="operator"
    )
    browser.force_login(operator)
    assert browser.get("/signup/").status_code == 200
    assert browser.post("/signup/", NADIA).status_code == 302


def test_the_first_page_leads_to_it(browser):
    page = browser.get("/")
    assert 'href="/signup/"' in page.text
    assert "Start free" in page.text


@pytest.mark.parametrize("path", ["code", "address", "ready"])
def test_later_pages_lead_back_to_the_form(browser, path):
    assert browser.get(f"/signup/{path}/")["Location"] == "/signup/"


def test_a_clinics_host_has_no_such_page(clinic_client):
    assert clinic_client.get("/signup/").status_code == 404
