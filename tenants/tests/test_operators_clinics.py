"""Operators and clinics: how each stands, at a glance, and what is done to them."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts.models import User
from bookings.tests import make
from tenants import archives, hosts, migrating, provisioning
from tenants.context import clinic_context, platform_context
from tenants.models import Archive, Clinic, ClinicEvent, Plan, SupportVisit, Usage
from tenants.versions import current_version

LIST = "/admin/tenants/clinic/"
OLIVE = "olive@example.com"


@pytest.fixture
def operator(clinic, other_clinic):
    browser = Client(headers={"host": "localhost"})
    with platform_context():
        browser.force_login(make.user(role="operator", email=OLIVE, name="Olive Marsh"))
    return browser


@pytest.fixture
def small(db):
    with platform_context():
        return Plan.objects.create(code="tiny", name="Tiny", max_doctors=10)


def _page(clinic, deed="change"):
    return f"{LIST}{clinic.pk}/{deed}/"


def _now(clinic):
    with platform_context():
        return Clinic.objects.get(pk=clinic.pk)


def _set(clinic, **facts):
    with platform_context():
        Clinic.objects.filter(pk=clinic.pk).update(**facts)


def _events(clinic):
    with platform_context():
        told = ClinicEvent.objects.filter(clinic_id=clinic.pk)
        return [
            (each.kind, each.by, each.note) for each in told if each.kind != "created"
        ]


def _count(clinic, **used):
    with platform_context():
        Usage.objects.update_or_create(
            clinic=clinic, defaults={"counted_at": now(), **used}
        )


def _found(operator, **query):
    page = operator.get(LIST, query).content.decode()
    return {slug for slug in ("riverside", "harbor") if f">{slug}</a>" in page}


# The list and the first page -----------------------------------------------------------


def test_the_list_says_how_each_clinic_stands(operator, clinic, other_clinic, small):
    _set(clinic, plan=small, status="suspended")
    _count(clinic, doctors=9, appointments=12, size_bytes=5_000_000)
    _set(other_clinic, migration_error="column broken does not exist")
    page = operator.get(LIST).content.decode()
    for said in ("Suspended", "Tiny", "9/10", "12/∞", "4.8\xa0MB", "Failed"):
        assert said in page
    assert "column broken does not exist" in page


def test_the_list_is_filtered_by_what_needs_a_look(
    operator, clinic, other_clinic, small
):
    _set(clinic, plan=small)
    _set(other_clinic, plan=small, status="trial", schema_version="older")
    _count(clinic, doctors=8)
    _count(other_clinic, doctors=7)
    assert _found(operator, limits="near") == {"riverside"}
    assert _found(operator, limits="full") == set()
    assert _found(operator, tables="behind") == {"harbor"}
    assert _found(operator, status__exact="trial") == {"harbor"}
    assert _found(operator, q="harb") == {"harbor"}
    assert _found(operator, plan__id__exact=small.pk) == {"riverside", "harbor"}


def test_last_months_visits_are_near_no_limit(operator, clinic, small):
    with platform_context():
        Plan.objects.filter(pk=small.pk).update(max_appointments=10)
    _set(clinic, plan=small)
    _count(clinic, appointments=10)
    assert _found(operator, limits="full") == {"riverside"}
    _count(clinic, appointments=10, counted_at=now() - timedelta(days=32))
    assert _found(operator, limits="near") == set()


@pytest.mark.parametrize("path", [LIST, "/admin/"])
def test_thirty_clinics_cost_no_more_questions_than_three(operator, small, path):
    def questions(number):
        with platform_context():
            made = Clinic.objects.bulk_create(
                Clinic(
                    slug=f"many-{number}-{n}",
                    name=f"Many {n}",
                    timezone="Europe/London",
                    plan=small,
                )
                for n in range(number)
            )
            for each in made:
                _count(each, doctors=9)
        with CaptureQueriesContext(connection) as asked:
            assert operator.get(path).status_code == 200
        return len(asked)

    operator.get(path)
    assert questions(3) == questions(27)


def test_the_first_page_names_what_is_pressing(operator, clinic, other_clinic):
    soon = now() + timedelta(days=3)
    _set(clinic, status="trial", trial_ends_at=soon, migration_error="lock timeout")
    _set(other_clinic, status="closed", delete_after=soon)
    with platform_context():
        Clinic.objects.create(
            slug="stuck", name="Stuck Clinic", created_at=now() - timedelta(hours=1)
        )
    page = " ".join(operator.get("/admin/").content.decode().split())
    for said in ("lock timeout", "Stuck Clinic", "Closed, and deleted after"):
        assert said in page
    assert "Stuck while being created: none" not in page
    assert f"{soon:%H:%M} UTC" in page


# Deeds ---------------------------------------------------------------------------------


def test_a_suspension_is_asked_about_then_done_and_written_down(operator, clinic):
    page = _page(clinic, "suspend")
    asked = operator.get(page).content.decode()
    assert "everybody is logged out" in asked
    refused = operator.post(page, {"post": "yes", "reason": ""})
    assert refused.status_code == 200
    assert _now(clinic).status == "active"
    answer = operator.post(page, {"post": "yes", "reason": "Unpaid"}, follow=True)
    assert "Riverside Health is suspended." in answer.content.decode()
    assert _now(clinic).status == "suspended"
    assert _events(clinic) == [("suspended", OLIVE, "Unpaid")]


def test_clinics_go_through_their_life_on_the_list(operator, clinic, small):
    def press(deed, **asked):
        chosen = {"action": f"{deed}_chosen", "_selected_action": [clinic.pk]}
        assert "post" in operator.post(LIST, chosen).context["form"].fields
        operator.post(LIST, chosen | {"post": "yes"} | asked)
        return _now(clinic)

    assert press("suspend", reason="Unpaid").status == "suspended"
    assert press("resume").status == "active"
    assert press("set_plan", plan=small.pk).plan == small
    assert press("close", reason="Asked to").status == "closed"
    assert press("reopen").status == "active"
    _set(clinic, status="trial")
    assert press("activate", plan="").plan == small
    assert [(kind, by) for kind, by, _note in _events(clinic)] == [
        (kind, OLIVE)
        for kind in ["activated", "reopened", "closed", "plan", "resumed", "suspended"]
    ]


def test_what_cannot_be_done_now_is_said_plainly(operator, clinic):
    answer = operator.post(_page(clinic, "resume"), {"post": "yes"}, follow=True)
    assert "Riverside Health is active: this cannot be done now." in (
        answer.content.decode().replace("&#x27;", "'")
    )
    assert _events(clinic) == []


def test_a_page_offers_only_what_can_be_done(operator, clinic):
    def offered():
        page = operator.get(_page(clinic)).content.decode()
        deeds = "suspend resume activate set_plan close reopen export migrate support"
        return {name for name in deeds.split() if f"{clinic.pk}/{name}" in page}

    assert offered() == {"suspend", "set_plan", "close", "export", "support"}
    _set(clinic, status="closed", schema_version="older")
    assert offered() == {"reopen", "set_plan", "export", "migrate"}


def test_a_clinic_that_is_gone_meanwhile_is_no_error(operator, clinic):
    gone = Clinic(slug="gone", name="Gone")
    for deed in ("suspend", "support"):
        assert operator.post(_page(gone, deed), {"post": "yes"}).status_code == 302


def test_migrations_are_run_from_here_and_what_fails_is_said(
    operator, clinic, monkeypatch
):
    _set(clinic, schema_version="older")
    operator.post(_page(clinic, "migrate"), {"post": "yes"})
    assert _now(clinic).schema_version == current_version()
    assert _events(clinic)[0][:2] == ("migrated", OLIVE)
    monkeypatch.setattr(migrating, "migrate_one", lambda _id: "no such column")
    answer = operator.post(_page(clinic, "migrate"), {"post": "yes"}, follow=True)
    assert "no such column" in answer.content.decode()


def test_an_export_is_asked_for_fetched_and_written_down(
    operator, clinic, settings, tmp_path
):
    settings.ARCHIVE_ROOT = tmp_path
    operator.post(_page(clinic, "export"), {"post": "yes"})
    with platform_context():
        archive = Archive.objects.get(clinic=clinic)
    assert archive.asked_by == OLIVE
    fetch = f"/admin/tenants/archive/{archive.pk}/download/"
    assert operator.get(fetch).status_code == 302
    archives.path_of(archive).parent.mkdir()
    archives.path_of(archive).write_bytes(b"PK")
    archives.done(archive, now())
    answer = operator.get(fetch)
    assert b"".join(answer.streaming_content) == b"PK"
    assert _events(clinic)[0] == ("exported", OLIVE, "Downloaded by an operator")


def test_support_is_given_a_link_for_a_reason(operator, clinic):
    page = _page(clinic, "support")
    refused = operator.post(page, {"post": "yes", "reason": " ", "hours": "9"})
    assert refused.status_code == 200
    answer = operator.post(page, {"post": "yes", "reason": "Ticket 7", "hours": "2"})
    assert f"{clinic.url('/account/support/')}" in answer.content.decode()
    with platform_context():
        visit = SupportVisit.objects.get(clinic=clinic)
    assert (visit.operator, visit.reason) == (OLIVE, "Ticket 7")
    assert visit.ends_at - visit.created_at == timedelta(hours=2)


@pytest.mark.parametrize("deed", ["suspend", "support", "download"])
def test_nobody_but_an_operator_does_anything(clinic, deed):
    with clinic_context(clinic):
        owner = make.user(role="owner")
    stranger = Client(headers={"host": "localhost"})
    at_home = Client(headers={"host": "riverside.localhost"})
    at_home.force_login(owner)
    for browser in (stranger, at_home):
        answer = browser.post(_page(clinic, deed), {"post": "yes", "reason": "x"})
        assert answer.status_code in (302, 404)
        assert "login" in answer.get("Location", "login")
    assert _now(clinic).status == "active"


# Making one ----------------------------------------------------------------------------


NEW = {
    "name": "Willow Park",
    "slug": "willow-park",
    "timezone": "Europe/Berlin",
    "owner_email": "Wanda@willow.example",
    "plan": "",
}


def test_an_operator_makes_a_clinic_and_its_owner_gets_a_mail(operator, small):
    answer = operator.post(f"{LIST}add/", NEW | {"plan": small.pk}, follow=True)
    assert "Willow Park is ready." in answer.content.decode()
    with platform_context():
        made = Clinic.objects.get(slug="willow-park")
    assert (made.status, made.plan, made.timezone) == ("active", small, "Europe/Berlin")
    with clinic_context(made):
        owner = User.objects.get()
    assert (owner.email, owner.role) == ("wanda@willow.example", "owner")
    [letter] = mail.outbox
    assert letter.to == ["wanda@willow.example"]
    assert made.url("/account/reset/") in letter.body
    assert letter.body.split("/account/reset/")[1][:20] not in answer.content.decode()
    with platform_context():
        kinds = ClinicEvent.objects.filter(clinic_id=made.pk, by=OLIVE)
        assert set(kinds.values_list("kind", flat=True)) == {"created", "plan"}
    hosts.forget()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "riverside"),
        ("slug", "admin"),
        ("slug", "a\x00b"),
        ("slug", "x" * 200),
        ("name", ""),
        ("name", "n" * 200),
        ("timezone", "Europe/Nowhere"),
        ("owner_email", "nobody"),
        ("plan", "999999"),
    ],
)
def test_what_cannot_be_a_clinic_is_said_and_nothing_typed_is_lost(
    operator, field, value
):
    answer = operator.post(f"{LIST}add/", NEW | {field: value})
    if "\x00" in value:
        assert answer.status_code in (200, 400)
        return
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    if field != "owner_email":
        assert "Wanda@willow.example" in answer.content.decode()


def test_a_database_that_fails_meanwhile_loses_nothing(operator, monkeypatch):
    def fail(*_args, **_kwargs):
        raise DatabaseError

    monkeypatch.setattr(provisioning, "build", fail)
    answer = operator.post(f"{LIST}add/", NEW)
    assert answer.status_code == 200
    assert "Press the button again" in answer.content.decode()
