"""The operators' admin: clinics and how they stand, for operators only."""

import pytest
from django.test import Client

from accounts.models import User
from bookings.tests import make
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic, Domain, DueWork

LISTS = ("tenants/clinic", "tenants/domain", "tenants/duework", "accounts/user")
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


def test_lists_and_forms_open_for_operators(operator, clinic):
    with platform_context():
        Domain.objects.create(domain="book.clinic.example", tenant=clinic)
        DueWork.objects.create(clinic=clinic, due_at=clinic.created_at)
        ids = [
            clinic.pk,
            Domain.objects.get().pk,
            clinic.pk,
            User.objects.get(email="olive@example.com").pk,
        ]
    for name, key in zip(LISTS, ids, strict=True):
        assert operator.get(f"/admin/{name}/").status_code == 200
        assert operator.get(f"/admin/{name}/{key}/change/").status_code == 200


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


def test_the_first_page_lists_clinics_and_how_they_stand(operator, other_clinic):
    with platform_context():
        Clinic.objects.filter(pk=other_clinic.pk).update(status="suspended")
    page = operator.get("/admin/").content.decode()
    assert "Riverside Health" in page
    assert "Suspended" in page
    assert "create_clinic" in page


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


def test_clinics_are_neither_made_nor_ended_here(operator, clinic):
    assert operator.get("/admin/tenants/clinic/add/").status_code == 403
    page = f"/admin/tenants/clinic/{clinic.pk}/delete/"
    assert operator.post(page, {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [clinic.pk], "post": "yes"}
    operator.post("/admin/tenants/clinic/", data)
    with platform_context():
        assert Clinic.objects.filter(pk=clinic.pk).exists()


def test_a_domain_is_added_and_then_stays(operator, clinic):
    data = {"domain": "book.clinic.example", "tenant": clinic.pk, "is_primary": "on"}
    operator.post("/admin/tenants/domain/add/", data)
    with platform_context():
        made = Domain.objects.get()
    page = f"/admin/tenants/domain/{made.pk}/"
    assert operator.post(f"{page}change/", data).status_code == 403
    assert operator.post(f"{page}delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("tenant", ["nobody", "", "a\x00b"])
def test_a_domain_of_no_clinic_is_refused_in_words(operator, tenant):
    data = {"domain": "book.clinic.example", "tenant": tenant}
    assert operator.post("/admin/tenants/domain/add/", data).status_code == 200


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
