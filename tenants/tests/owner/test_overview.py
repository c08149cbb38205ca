"""The owner's page: who sees it, what stands on it, and in which states it works."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now as current_time

from bookings.tests import make
from tenants import hosts, lifecycle
from tenants.context import clinic_context, platform_context
from tenants.models import Archive, Clinic, ClinicEvent, Plan, SupportVisit, Usage
from tenants.tests.nameserving import BY, verified

PAGE = "/clinic/"


@pytest.mark.parametrize("role", ["patient", "reception", "doctor", "support"])
def test_it_is_the_owners_alone(clinic, role):
    browser = _browser(clinic, role)
    for path in (PAGE, "/clinic/events/", "/clinic/close/"):
        answer = browser.get(path)
        assert answer.status_code == 403
        assert "riverside.localhost" not in answer.text
    for path in ("domains/", "exports/", "close/", "reopen/", "domains/none/primary/"):
        assert browser.post(PAGE + path, {"address": "riverside"}).status_code == 403
    with platform_context():
        assert Clinic.objects.get(pk=clinic.pk).status == "active"
        assert not Archive.objects.exists()


def test_strangers_are_asked_to_log_in(clinic_client):
    answer = clinic_client.get(PAGE)
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/account/login/?next=/clinic/",
    )


def test_it_says_what_the_clinic_is(owner, clinic):
    answer = owner.get(PAGE)
    assert answer.status_code == 200
    for said in ("Riverside Health", "riverside.localhost", "Europe/London", "Active"):
        assert said in answer.text
    assert "no-store" in answer["Cache-Control"]


def test_it_is_not_the_public_sites(clinic):
    assert Client(headers={"host": "localhost"}).get(PAGE).status_code == 404


# What stands on it -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("doctors", "said"),
    [(3, None), (4, "Nearly full"), (5, "Full"), (9, "Full")],
)
def test_usage_stands_there_with_a_warning_from_80_percent(
    owner, clinic, doctors, said
):
    with platform_context():
        lifecycle.set_plan(clinic, Plan.objects.get(code="small"), by="Olive")
        Usage.objects.create(clinic=clinic, doctors=doctors, counted_at=current_time())
    page = owner.get(PAGE).text
    assert f"{doctors} of 5" in page
    assert "Your plan: Small practice." in page
    for warning in ("Nearly full", ">Full<"):
        assert (warning.strip("<>") == said) == (warning in page)


def test_without_a_plan_numbers_stand_alone(owner):
    page = owner.get(PAGE).text
    assert "nothing is limited" in page
    assert "<progress" not in page


def test_visits_and_events_stand_there_on_the_clinics_clock(
    owner, clinic, other_clinic
):
    seen = current_time().replace(month=7, day=1, hour=9, minute=0)
    with platform_context():
        for each, why in ((clinic, "Times vanished"), (other_clinic, "Canary")):
            SupportVisit.objects.create(
                clinic=each,
                operator="olive@slotwell.example",
                reason=why,
                created_at=seen,
                ends_at=seen + timedelta(hours=2),
            )
            lifecycle.record(
                each, ClinicEvent.Kind.PLAN, by="olive@slotwell.example", note=why
            )
    page = owner.get(PAGE).text
    assert "Times vanished" in page
    assert "olive@slotwell.example" in page
    assert "12:00" in page  # until 11:00 UTC
    assert "Canary" not in page


def test_all_that_happened_is_shown_by_the_page(owner, clinic, other_clinic):
    with platform_context():
        for number in range(60):
            lifecycle.record(
                clinic, ClinicEvent.Kind.PLAN, by=BY, note=f"note-{number:02}"
            )
        lifecycle.record(other_clinic, ClinicEvent.Kind.PLAN, by=BY, note="Canary")
    first = owner.get(PAGE).text
    assert first.count("note-") == 20
    assert "note-59" in first
    newer, older = (owner.get(f"/clinic/events/?page={n}").text for n in (1, 2))
    assert (newer.count("note-"), older.count("note-")) == (50, 10)
    assert "Canary" not in newer + older
    for odd in ("0", "-1", "9" * 40, "x", "%00", ""):
        assert owner.get(f"/clinic/events/?page={odd}").status_code in (200, 400)


def test_the_number_of_questions_does_not_grow(
    owner, clinic, zones, django_assert_max_num_queries
):
    def fill(start):
        for number in range(start, start + 4):
            verified(clinic, zones, f"n{number}.example")
            lifecycle.record(clinic, ClinicEvent.Kind.PLAN, by=BY)
            with platform_context():
                Archive.objects.create(clinic=clinic, asked_by=BY)

    fill(0)
    with django_assert_max_num_queries(100) as few:
        owner.get(PAGE)
    fill(4)
    with django_assert_max_num_queries(len(few)):
        owner.get(PAGE)


# In which states -------------------------------------------------------------------------


def test_it_works_while_suspended_and_says_why(owner, clinic):
    lifecycle.suspend(clinic, by="trial", reason="Trial ended")
    owner = _browser(clinic, "owner")  # all were logged out
    page = owner.get(PAGE)
    assert page.status_code == 200
    assert "This clinic is suspended" in page.text
    assert "Trial ended" in page.text
    assert owner.post("/clinic/exports/").status_code == 302
    with platform_context():
        assert Archive.objects.get().clinic_id == clinic.pk


def test_what_another_process_remembers_of_the_clinic_is_not_shown(owner, clinic):
    hosts.resolve("riverside.localhost")
    with platform_context():
        Clinic.objects.filter(pk=clinic.pk).update(name="Riverside and Hill")
    assert "Riverside and Hill" in owner.get(PAGE).text


def test_ways_lead_to_it(clinic):
    for role, leads in (("owner", True), ("reception", False)):
        browser = _browser(clinic, role)
        for path in ("/account/", "/admin/"):
            assert ('href="/clinic/"' in browser.get(path).text) == leads


def _browser(clinic: Clinic, role: str) -> Client:
    browser = Client(headers={"host": f"{clinic.slug}.localhost"})
    with clinic_context(clinic):
        browser.force_login(make.user(role=role))
    return browser
