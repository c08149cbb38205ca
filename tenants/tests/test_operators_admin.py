"""The operators' admin: clinics and how they stand, for operators only."""

import pytest
from django.test import Client

from accounts.models import User
from bookings.tests import make
from tenants import lifecycle
from tenants.context import clinic_context, platform_context
from tenants.models import (
    Archive,
    Clinic,
    ClinicEvent,
    Domain,
    DueWork,
    Plan,
    SupportVisit,
)

LISTS = (
    "tenants/clinic",
    "tenants/domain",
    "tenants/duework",
    "tenants/plan",
    "tenants/archive",
    "tenants/clinicevent",
    "tenants/supportvisit",
    "accounts/user",
)
LONG = "five-old-boots-under-ice"


@pytest.fixture
def browser():
    return Client(headers={"host": "localhost"})


@pytest.fixture
def operator(clinic, other_clinic, browser):
    with platform_context():
        user = make.user(role="operator", email="olive@example.com", name="Olive Marsh")
        browser.force_login(user)
    return browser


@pytest.fixture
def rows(clinic):
    """One row in every list; returns their ids by list."""
    with platform_context():
        domain = Domain.objects.create(domain="book.clinic.example", tenant=clinic)
        DueWork.objects.create(clinic=clinic, due_at=clinic.created_at)
        plan = Plan.objects.create(code="tiny", name="Tiny", max_doctors=2)
        archive = Archive.objects.create(clinic=clinic, asked_by="anna@x.example")
        lifecycle.record(clinic, ClinicEvent.Kind.PLAN, by="olive", note="Small")
        visit = SupportVisit.objects.create(
            clinic=clinic, operator="olive", reason="Asked", ends_at=clinic.created_at
        )
        return {
            "tenants/clinic": clinic.pk,
            "tenants/domain": domain.pk,
            "tenants/duework": clinic.pk,
            "tenants/plan": plan.pk,
            "tenants/archive": archive.pk,
            "tenants/clinicevent": ClinicEvent.objects.all()[0].pk,
            "tenants/supportvisit": visit.pk,
            "accounts/user": User.objects.get(email="olive@example.com").pk,
        }


def test_lists_and_forms_open_for_operators(operator, rows):
    for name in LISTS:
        assert operator.get(f"/admin/{name}/").status_code == 200
        page = f"/admin/{name}/{rows[name]}/change/"
        assert operator.get(page).status_code == 200


def test_what_is_a_record_is_only_looked_at(operator, rows):
    for name in set(LISTS) - {"tenants/clinic", "tenants/plan", "accounts/user"}:
        page = f"/admin/{name}/{rows[name]}"
        assert operator.get(f"/admin/{name}/add/").status_code == 403
        assert operator.post(f"{page}/change/", {"by": "x"}).status_code == 403
        assert operator.post(f"{page}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("typed", ["river", "x\x00y", "\ud800", "🙂" * 200, "'; --"])
def test_each_list_can_be_searched_for_anything(operator, rows, typed):
    for name in LISTS:
        answer = operator.get(
            f"/admin/{name}/", {"q": typed.encode("utf-8", "replace")}
        )
        assert answer.status_code in (200, 400)


@pytest.mark.parametrize("path", ["", *(f"{name}/" for name in LISTS)])
def test_nobody_else_gets_in(clinic, browser, path):
    response = browser.get(f"/admin/{path}")
    assert response["Location"] == f"/admin/login/?next=/admin/{path}"


def test_a_clinics_owner_is_nobody_here(clinic, browser):
    make.user(role="owner", email="anna@riverside.example")
    data = {"username": "anna@riverside.example", "password": make.PASSWORD}
    page = browser.post("/admin/login/", data).content.decode()
    assert "do not open the admin" in page


def test_an_operator_logs_in_with_an_email(clinic, browser):
    with platform_context():
        make.user(role="operator", email="olive@example.com")
    data = {"username": "Olive@example.com", "password": make.PASSWORD}
    response = browser.post("/admin/login/?next=/admin/", data)
    assert response["Location"] == "/admin/"


def test_guessing_at_an_operator_is_stopped(clinic, browser):
    with platform_context():
        make.user(role="operator", email="guessed@example.com")
    data = {"username": "guessed@example.com", "password": "wrong"}
    tries = [browser.post("/admin/login/", data).status_code for _ in range(12)]
    assert tries[0] == 200
    assert tries[-1] == 429


def test_of_a_clinic_only_the_name_is_edited(operator, clinic):
    page = f"/admin/tenants/clinic/{clinic.pk}/change/"
    before = Clinic.objects.filter(pk=clinic.pk).values(
        "id", "schema_name", "slug", "timezone", "status", "created_at"
    )
    with platform_context():
        known = before.get()
    operator.post(
        page,
        {
            "name": "Riverside and Hill",
            "id": "x",
            "schema_name": "public",
            "slug": "other",
            "timezone": "Asia/Tokyo",
            "status": "closed",
            "created_at": "2020-01-01",
        },
    )
    with platform_context():
        assert Clinic.objects.get(pk=clinic.pk).name == "Riverside and Hill"
        assert before.all().get() == known


def test_clinics_are_not_deleted_by_a_form(operator, clinic):
    page = f"/admin/tenants/clinic/{clinic.pk}/delete/"
    assert operator.post(page, {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [clinic.pk], "post": "yes"}
    operator.post("/admin/tenants/clinic/", data)
    with platform_context():
        assert Clinic.objects.filter(pk=clinic.pk).exists()


def test_operators_make_operators_and_nothing_else(operator):
    data = {
        "name": "Otto Field",
        "email": "otto@example.com",
        "role": "operator",
        "password1": LONG,
        "password2": LONG,
    }
    operator.post("/admin/accounts/user/add/", data)
    operator.post(
        "/admin/accounts/user/add/",
        data | {"email": "own@example.com", "role": "owner"},
    )
    with platform_context():
        assert set(User.objects.values_list("email", "role")) == {
            ("olive@example.com", "operator"),
            ("otto@example.com", "operator"),
        }


def test_the_last_operator_stays_one(operator):
    with platform_context():
        olive = User.objects.get()
    data = {"name": "Olive", "email": olive.email, "role": "operator"}
    page = operator.post(f"/admin/accounts/user/{olive.pk}/change/", data)
    assert "Name another one first" in page.content.decode()


def test_nothing_in_a_clinic_is_here(operator, clinic):
    with clinic_context(clinic):
        make.practice()
        make.doctor()
    for name in ("bookings/doctor", "bookings/patient", "auth/group"):
        assert operator.get(f"/admin/{name}/").status_code == 404


def test_a_plan_that_is_used_stays(operator, clinic, rows):
    page = f"/admin/tenants/plan/{rows['tenants/plan']}"
    with platform_context():
        Clinic.objects.filter(pk=clinic.pk).update(plan=rows["tenants/plan"])
    answer = operator.post(f"{page}/delete/", {"post": "yes"}, follow=True)
    assert "Give its clinics another plan first" in answer.content.decode()
    operator.post(f"{page}/change/", {"name": "Small practice", "max_doctors": 3})
    with platform_context():
        plan = Plan.objects.get(pk=rows["tenants/plan"])
        assert (plan.name, plan.code, plan.max_doctors) == (
            "Small practice",
            "tiny",
            3,
        )
        Clinic.objects.update(plan=None)
    operator.post(f"{page}/delete/", {"post": "yes"})
    with platform_context():
        assert not Plan.objects.filter(pk=plan.pk).exists()
