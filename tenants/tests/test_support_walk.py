"""Support walks through every door of a clinic: it reads the desk, and changes nothing."""

import hashlib

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings

from accounts.models import User
from tenants.context import clinic_context
from tenants.tests.isolation import world
from tenants.tests.isolation.routes import routes

UNSAFE = ("post", "put", "patch", "delete")
OWN_DOORS = {"/account/logout/", "/admin/logout/", "/account/support/"}
WITHOUT_THE_GUARD = [
    each for each in settings.MIDDLEWARE if not each.endswith("ReadingOnlyMiddleware")
]
LISTS = [
    "appointment",
    "slot",
    "patient",
    "doctor",
    "service",
    "workinghours",
    "timeoff",
    "holiday",
    "location",
    "outboxmessage",
    "practice",
]


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.ARCHIVE_ROOT = tmp_path / "archives"


@pytest.fixture
def inside(clinic):
    world.build(clinic)
    browser = Client(
        headers={"host": f"{clinic.slug}.localhost"}, raise_request_exception=False
    )
    browser.force_login(User.objects.get(role="support"))
    return browser


def _said(clinic):
    """Everything that the clinic's tables say, sessions aside."""
    with clinic_context(clinic), connection.cursor() as cursor:
        tables = sorted(
            set(connection.introspection.table_names(cursor)) - {"django_session"}
        )
        said = hashlib.sha256()
        for table in tables:
            cursor.execute(
                f"SELECT coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')"
                f' FROM "{table}" t'
            )
            said.update(cursor.fetchone()[0].encode())
    return said.hexdigest()


def test_whatever_support_sends_anywhere_is_refused(inside, clinic):
    before = _said(clinic)
    let_by = [
        (method, route.path, answer.status_code)
        for route in routes(settings.ROOT_URLCONF)
        if route.path not in OWN_DOORS
        for method in (UNSAFE if route.is_api else UNSAFE[:1])
        if (answer := getattr(inside, method)(route.path)).status_code != 403
    ]
    assert let_by == []
    assert _said(clinic) == before


@override_settings(MIDDLEWARE=WITHOUT_THE_GUARD)
def test_without_that_guard_the_desk_itself_refuses_support(inside, clinic):
    before = _said(clinic)
    data = {"post": "yes", "action": "cancel", "_save": "Save", "name": "Mallory"}
    broken = [
        route.path
        for route in routes(settings.ROOT_URLCONF)
        if route.path.startswith(("/admin/", "/setup/", "/clinic/"))
        and route.path not in OWN_DOORS
        and inside.post(route.path, data).status_code == 500
    ]
    assert broken == []
    assert _said(clinic) == before


@pytest.mark.parametrize("name", LISTS)
def test_support_sees_every_list_and_row_and_no_button_to_save(inside, name):
    kept = f"admin/bookings/{name}/"
    paths = {
        route.path
        for route in routes(settings.ROOT_URLCONF)
        if route.pattern in (kept, f"{kept}<path:object_id>/change/")
    }
    assert paths
    for path in paths:
        page = inside.get(path)
        assert page.status_code in (200, 302), path
        text = page.content.decode()
        assert 'name="_save"' not in text
        if page.status_code == 200:
            assert "You are looking in as support until" in text


def test_support_adds_and_deletes_nothing_and_keeps_out_of_accounts(inside):
    opened = [
        route.path
        for route in routes(settings.ROOT_URLCONF)
        if route.path.startswith(("/admin/accounts/", "/clinic/", "/setup/"))
        or route.pattern.endswith(("/add/", "/delete/"))
        if inside.get(route.path).status_code == 200
    ]
    assert opened == []
