"""Who may open which list and form of the staff's admin."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from bookings.actions import appointments
from bookings.models import (
    Appointment,
    Holiday,
    Location,
    OutboxMessage,
    Patient,
    TimeOff,
)
from bookings.tests import make
from tenants.context import clinic_context

LISTS = {
    "bookings/appointment": "owner reception doctor",
    "bookings/slot": "owner reception doctor",
    "bookings/patient": "owner reception doctor",
    "bookings/doctor": "owner reception doctor",
    "bookings/service": "owner reception doctor",
    "bookings/workinghours": "owner reception doctor",
    "bookings/timeoff": "owner reception doctor",
    "bookings/holiday": "owner reception doctor",
    "bookings/location": "owner reception doctor",
    "bookings/outboxmessage": "owner reception doctor",
    "accounts/user": "owner",
}
MAY_ADD = {
    "owner": {
        "bookings/patient",
        "bookings/doctor",
        "bookings/service",
        "bookings/workinghours",
        "bookings/timeoff",
        "bookings/holiday",
        "bookings/location",
        "accounts/user",
    },
    "reception": {
        "bookings/patient",
        "bookings/workinghours",
        "bookings/timeoff",
        "bookings/holiday",
    },
    "doctor": set(),
}
STAFF = ("owner", "reception", "doctor")


@pytest.fixture
def rows(clinic):
    """One row in every list; returns their ids by list."""
    make.practice()
    doctor = make.doctor()
    slots = make.slots(doctor)
    booked = appointments.book(
        slot_id=slots[0].pk,
        patient=make.new_patient(),
        by=None,
        via=Appointment.Via.PAGE,
    )
    start = datetime.now(UTC) + timedelta(days=1)
    off = TimeOff.objects.create(start=start, end=start + timedelta(hours=2))
    closed = Holiday.objects.create(day=start.date(), name="Founders’ day")
    return {
        "bookings/appointment": booked.pk,
        "bookings/slot": slots[0].pk,
        "bookings/patient": Patient.objects.get().pk,
        "bookings/doctor": doctor.pk,
        "bookings/service": doctor.default_service.pk,
        "bookings/workinghours": make.hours(doctor).pk,
        "bookings/timeoff": off.pk,
        "bookings/holiday": closed.pk,
        "bookings/location": Location.objects.get().pk,
        "bookings/outboxmessage": OutboxMessage.objects.get().pk,
        "bookings/practice": 1,
        "accounts/user": make.user(role="reception").pk,
    }


def pages(rows, name):
    return [f"/admin/{name}/", f"/admin/{name}/{rows[name]}/change/"]


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("name", LISTS)
def test_lists_and_forms_open_for_the_roles_that_may(rows, as_, role, name):
    user = as_(role)
    if role == "doctor":
        Appointment.objects.get().doctor.__class__.objects.update(user=user.user)
    wanted = 200 if role in LISTS[name] else 403
    assert [user.get(page).status_code for page in pages(rows, name)] == [wanted] * 2


@pytest.mark.parametrize("role", STAFF)
def test_only_who_may_add_gets_the_form_for_it(rows, as_, role):
    user = as_(role)
    opened = {
        name for name in LISTS if user.get(f"/admin/{name}/add/").status_code == 200
    }
    assert opened == MAY_ADD[role]


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/publish/", "/admin/book/", "/admin/why/"]
)
@pytest.mark.parametrize("role", [*STAFF, "patient", "operator", None])
def test_the_other_pages_open_for_the_roles_that_may(rows, as_, role, path):
    user = as_(role) if role else Client(headers={"host": "riverside.localhost"})
    desk = {"owner": 200, "reception": 200, "doctor": 403}
    wanted = {"/admin/": dict.fromkeys(STAFF, 200)}.get(path, desk).get(role, 302)
    assert user.get(path).status_code == wanted


@pytest.mark.parametrize("role", ["patient", "operator", None])
@pytest.mark.parametrize("name", [*LISTS, "bookings/practice"])
def test_nobody_else_gets_in(rows, as_, role, name):
    user = as_(role) if role else Client(headers={"host": "riverside.localhost"})
    for page in [*pages(rows, name), f"/admin/{name}/add/"]:
        response = user.get(page)
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/?next=/admin/")


def test_the_settings_of_the_clinic_are_one_form(owner):
    response = owner.get("/admin/bookings/practice/", follow=True)
    assert response.redirect_chain == [("/admin/bookings/practice/1/change/", 302)]
    assert owner.get("/admin/bookings/practice/add/").status_code == 403
    assert owner.get("/admin/bookings/practice/1/delete/").status_code == 403


def test_reception_reads_the_settings_of_the_clinic_and_cannot_save_them(reception):
    page = "/admin/bookings/practice/1/change/"
    assert b'name="_save"' not in reception.get(page).content
    assert reception.post(page, {"tagline": "Ours"}).status_code == 403


def test_a_doctor_sees_own_appointments_only(rows, as_):
    doctor = as_("doctor")
    page, form = pages(rows, "bookings/appointment")
    reference = Appointment.objects.get().reference
    assert reference not in doctor.get(page).content.decode()
    assert reference not in doctor.get(form, follow=True).content.decode()

    Appointment.objects.get().doctor.__class__.objects.update(user=doctor.user)
    assert reference in doctor.get(page).content.decode()


def test_a_doctor_can_change_nothing(rows, as_):
    doctor = as_("doctor")
    for name in LISTS:
        if "doctor" in LISTS[name]:
            for page in pages(rows, name):
                assert b'name="_save"' not in doctor.get(page, follow=True).content
            refused = doctor.post(f"/admin/{name}/{rows[name]}/change/", {"name": "X"})
            assert refused.status_code in (302, 403), name
    assert Patient.objects.get().name.startswith("Guest")


def test_there_are_no_models_of_the_platform_and_no_groups(owner):
    for name in ("tenants/clinic", "tenants/domain", "auth/group", "auth/permission"):
        assert owner.get(f"/admin/{name}/").status_code == 404


def test_rows_of_another_clinic_are_not_found(rows, owner, other_clinic):
    with clinic_context(other_clinic):
        theirs = make.patient(name="Theirs Alone")
    response = owner.get(f"/admin/bookings/patient/{theirs.pk}/change/", follow=True)
    assert response.redirect_chain == [("/admin/", 302)]
    assert b"doesn\xe2\x80\x99t exist" in response.content
    assert b"Theirs Alone" not in response.content


def test_a_session_of_another_clinic_opens_nothing(as_, other_clinic):
    here = as_("owner")
    there = Client(headers={"host": "harbor.localhost"})
    there.cookies = here.cookies
    assert there.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    "query",
    [
        "?status__exact=%00",
        "?q=a%00b",
        "?q=" + "x" * 3000,
        "?p=99999999999999999999",
        "?o=99999999999999999999.zzz",
        "?when=nonsense",
        "?doctor__id__exact=nonsense",
        "?start__year=-1",
        "?start__year=99999999999999999999",
        "?patient__email__startswith=e",
        "?_popup=1&_to_field=zzz",
    ],
)
def test_nonsense_in_an_address_is_no_error_of_ours(rows, owner, query):
    response = owner.get(f"/admin/bookings/appointment/{query}", follow=True)
    assert response.status_code in (200, 400, 404)


@pytest.mark.parametrize("action", ["cancel", "nonsense", ""])
@pytest.mark.parametrize("ids", ["nonsense", "\x00", "9" * 40])
def test_nonsense_in_a_ticked_row_is_no_error_of_ours(rows, owner, action, ids):
    data = {"action": action, "_selected_action": ids, "index": 0}
    response = owner.post("/admin/bookings/appointment/", data, follow=True)
    assert response.status_code == 200
    assert "not sent whole" in response.content.decode()


@pytest.mark.parametrize("raw", ["nonsense", "%00", "9" * 40, "%F0%9F%92%A9"])
@pytest.mark.parametrize(
    "page", ["change", "delete", "history", "cancel", "move", "step"]
)
def test_nonsense_as_an_id_is_no_error_of_ours(rows, owner, raw, page):
    response = owner.get(f"/admin/bookings/appointment/{raw}/{page}/")
    assert response.status_code in (302, 400, 403, 404)
