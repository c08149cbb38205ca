"""What is left of a clinic that is suspended, closed or in maintenance, door by door."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.timezone import now

from accounts.models import User
from accounts.tokens import issue
from bookings.actions import appointments
from bookings.interop import links
from bookings.models import Appointment, OutboxMessage, Patient
from bookings.outbox.worker import Worker
from bookings.tests import make
from tenants import due, hosts, lifecycle
from tenants.context import each_clinic, platform_context
from tenants.models import Clinic, DueWork

PHONE = "020 7946 0118"
HOST = {"host": "riverside.localhost"}


@pytest.fixture
def riverside(clinic):
    """A copy to change: the session's own clinic stays open for other tests."""
    make.practice(phone=PHONE)
    with platform_context():
        return Clinic.objects.get(pk=clinic.pk)


@pytest.fixture
def elif_kaya(riverside):
    return make.user(name="Elif Kaya", email="elif@mail.example")


@pytest.fixture
def visit(elif_kaya):
    """One booked visit of a patient who has an account."""
    patient = make.patient(user=elif_kaya, name="Elif Kaya")
    [slot, *_rest] = make.slots(make.doctor())
    return appointments.book(
        slot_id=slot.pk, patient=patient, by=elif_kaya, via=Appointment.Via.PAGE
    )


def browser(user=None):
    client = Client(headers=HOST, raise_request_exception=False)
    if user:
        client.force_login(user)
    return client


# Suspended -----------------------------------------------------------------------------


def test_public_pages_say_that_nothing_can_be_booked_and_whom_to_call(riverside):
    doctor = make.doctor()
    slot = make.slots(doctor)[0]
    lifecycle.suspend(riverside, by="operator")
    guest = browser()
    for answer in (
        guest.get("/"),
        guest.get("/?when=today"),
        guest.get(f"/doctors/{doctor.slug}/"),
        guest.post(f"/doctors/{doctor.slug}/", {"slot": slot.pk}),
        guest.get("/book/"),
        guest.get("/account/signup/"),
        guest.get("/of-no-view/"),
    ):
        assert answer.status_code == 403
        assert "This clinic is not taking bookings online just now" in answer.text
        assert PHONE in answer.text
        assert doctor.name not in answer.text
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Frame-Options"] == "DENY"
    assert slot.__class__.objects.filter(hold__isnull=False).count() == 0


def test_a_page_that_was_open_loads_itself_anew(riverside):
    lifecycle.suspend(riverside, by="operator")
    assert browser().get("/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "HX-Refresh" not in browser().get("/")


def test_booked_visits_are_read_by_their_patients_and_by_link_and_not_changed(
    riverside, elif_kaya, visit
):
    lifecycle.suspend(riverside, by="operator")
    page = f"/appointments/{visit.reference}/"
    by_link = f"{page}?key={links.key_of(visit)}"
    patient = browser(elif_kaya)
    answers = [patient.get("/appointments/"), patient.get(page), browser().get(by_link)]
    for answer in answers:
        assert answer.status_code == 200
        assert visit.doctor.name in answer.text
        assert PHONE in answer.text
        assert "Just now this cannot be changed online." in answer.text
        assert "/cancel/" not in answer.text
        assert "/move/" not in answer.text
    assert browser().get(page).status_code == 404  # nobody else's, as before
    assert b"BEGIN:VCALENDAR" in patient.get(f"{page}calendar.ics").content
    for form in ("cancel", "move"):
        for answer in (
            patient.get(f"{page}{form}/"),
            patient.post(f"{page}{form}/", {"version": 1, "sure": "1"}),
            browser().post(f"{page}{form}/?key={links.key_of(visit)}", {"version": 1}),
        ):
            assert answer.status_code == 403
            assert PHONE in answer.text
    visit.refresh_from_db()
    assert (visit.status, visit.version) == ("booked", 1)


def test_staff_log_in_read_everything_and_save_nothing(riverside, visit):
    owner = make.user(role="owner", email="olga@riverside.example")
    pages = [address for address in _admin_addresses(visit) if _is_page(address)]
    usual = {address: browser(owner).get(address).status_code for address in pages}
    lifecycle.suspend(riverside, by="operator")
    staff = browser()
    credentials = {"username": owner.email, "password": make.PASSWORD}
    assert staff.post("/admin/login/?next=/admin/", credentials).status_code == 302
    before = _rows()
    for address in pages:
        answer = staff.get(address)
        assert answer.status_code == usual[address], address
        if answer.status_code == 200 and "jsi18n" not in address:
            assert "Suspended: read only" in answer.text, address
    for address in _admin_addresses(visit):
        answer = staff.post(address, {"action": "cancel", "_save": "1", "name": "X"})
        assert answer.status_code == 403, address
        assert "Nothing was changed" in answer.text
    assert list(usual.values()).count(200) > 20
    assert _rows() == before
    assert staff.post("/admin/logout/").status_code in (200, 302)
    assert staff.get("/admin/").status_code == 302


def test_log_in_and_a_new_password_stay_possible(riverside, elif_kaya, mailoutbox):
    lifecycle.suspend(riverside, by="operator")
    guest = browser()
    asked = guest.post("/account/reset/", {"email": elif_kaya.email})
    assert asked.status_code == 200
    credentials = {"email": elif_kaya.email, "password": make.PASSWORD}
    assert guest.post("/account/login/", credentials)["Location"] == "/appointments/"
    assert guest.get("/account/").status_code == 200
    refused = guest.post("/account/", {"name": "Other", "email": elif_kaya.email})
    assert refused.status_code == 403
    assert guest.post("/account/logout/").status_code == 302


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_programs_are_told_in_their_own_way_at_every_address(riverside, status):
    desk = make.user(role="reception")
    token = {"authorization": f"Bearer {issue(desk, riverside.pk).access}"}
    _become(riverside, status)
    client = Client(headers=HOST | token, raise_request_exception=False)
    credentials = {"email": desk.email, "password": make.PASSWORD}
    for answer in (
        client.get("/api/v1/doctors/"),
        client.get("/api/v1/appointments/"),
        client.get("/api/v1/docs/"),
        client.post("/api/v1/appointments/", {}, "application/json"),
        client.post("/api/v1/auth/token/", credentials, "application/json"),
        client.post("/api/v1/auth/refresh/", {}, "application/json"),
        client.delete("/api/v1/holds/x/"),
        client.get("/api/nowhere"),
    ):
        assert answer.status_code == 403
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "forbidden"
        assert status in answer.json()["detail"]


def test_log_ins_and_tokens_from_before_stay_void_after_a_resumption(riverside):
    desk = make.user(role="reception")
    staff = browser(desk)
    old = issue(desk, riverside.pk)
    lifecycle.suspend(riverside, by="operator")
    late = issue(desk, riverside.pk)  # by a process that had not felt it yet
    assert Session.objects.count() == 0
    assert staff.get("/admin/").status_code == 302
    lifecycle.resume(riverside, by="operator")
    assert staff.get("/admin/").status_code == 302
    for pair in (old, late):
        assert _call(pair.access).status_code == 401
        assert _refresh(pair.refresh).status_code == 401
    fresh = issue(desk, riverside.pk)
    assert _call(fresh.access).status_code == 200
    assert _refresh(fresh.refresh).status_code == 200


def test_the_worker_leaves_a_suspended_clinic_alone_and_sends_its_mail_later(
    riverside, visit, mailoutbox
):
    due.wake(riverside, now() - timedelta(seconds=1))
    lifecycle.suspend(riverside, by="operator")
    assert riverside.slug not in {each.slug for each in each_clinic()}
    assert due.claim(now()) is None
    worker = Worker()
    worker._mail.give(riverside)  # handed to the courier just before
    worker.carry_mail()
    assert mailoutbox == []
    assert OutboxMessage.objects.get().attempts == 0
    lifecycle.resume(riverside, by="operator")
    with platform_context():
        assert DueWork.objects.filter(clinic=riverside).exists()
    worker.answer_wake_ups()
    worker.carry_mail()
    assert OutboxMessage.objects.get().state == "sent"


# Closed --------------------------------------------------------------------------------


def test_a_closed_clinic_shows_nothing_but_the_owner_s_door(
    riverside, elif_kaya, visit
):
    owner = make.user(role="owner")
    lifecycle.close(riverside, by="owner")
    by_link = f"/appointments/{visit.reference}/?key={links.key_of(visit)}"
    for person in (browser(), browser(elif_kaya), browser(owner)):
        for path in (
            "/",
            by_link,
            "/appointments/",
            "/admin/",
            "/account/",
            "/nowhere",
        ):
            answer = person.get(path)
            assert answer.status_code == 410, path
            assert "This clinic is closed" in answer.text
            for data in (PHONE, visit.doctor.name, "Riverside", "Mill Lane"):
                assert data not in answer.text
        assert person.post("/admin/bookings/patient/add/").status_code == 410
    assert browser().get("/account/login/").status_code == 200
    assert browser().get("/account/reset/").status_code == 200
    assert browser().get("/favicon.ico").status_code == 302
    assert browser(owner).get("/clinic/").status_code != 410
    credentials = {"email": owner.email, "password": make.PASSWORD, "next": "/clinic/"}
    entered = browser().post("/account/login/", credentials)
    assert entered["Location"] == "/clinic/"


def test_nobody_gets_out_of_a_suspension_or_a_trial_by_closing(riverside):
    lifecycle.suspend(riverside, by="operator")
    lifecycle.close(riverside, by="owner")
    lifecycle.reopen(riverside, by="owner")
    assert riverside.status == "suspended"
    lifecycle.resume(riverside, by="operator")
    lifecycle.close(riverside, by="owner")
    lifecycle.reopen(riverside, by="owner")
    assert riverside.status == "active"
    ends = now() + timedelta(days=3)
    with platform_context():
        Clinic.objects.filter(pk=riverside.pk).update(
            status="trial", trial_ends_at=ends
        )
        trial = Clinic.objects.get(pk=riverside.pk)
    lifecycle.close(trial, by="owner")
    lifecycle.reopen(trial, by="owner")
    assert (trial.status, trial.trial_ends_at) == ("trial", ends)


def test_what_is_being_deleted_does_not_come_back(riverside):
    lifecycle.close(riverside, by="owner", grace=timedelta())
    with pytest.raises(lifecycle.NotNowError, match="being deleted"):
        lifecycle.reopen(riverside, by="owner")
    assert riverside.status == "closed"


# Maintenance ---------------------------------------------------------------------------


def test_a_clinic_whose_migration_failed_rests_and_the_process_stays_healthy(
    riverside, other_clinic
):
    with platform_context():
        Clinic.objects.filter(pk=riverside.pk).update(migration_error="bookings.0009")
    hosts.forget()
    for path in ("/", "/admin/", "/clinic/", "/account/login/"):
        answer = browser().get(path)
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
        assert "0009" not in answer.text
    answer = browser().get("/api/v1/doctors/")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert browser().get("/healthz").status_code == 200
    assert browser().get("/readyz").status_code == 200
    assert Client(headers={"host": "harbor.localhost"}).get("/").status_code == 200
    assert riverside.slug not in {each.slug for each in each_clinic()}
    due.wake(riverside, now())
    assert due.claim(now()) is None


# Helpers -------------------------------------------------------------------------------


def _become(clinic, status):
    if status == "closed":
        lifecycle.close(clinic, by="owner")
    else:
        lifecycle.suspend(clinic, by="operator")


def _call(access):
    headers = HOST | {"authorization": f"Bearer {access}"}
    return Client(headers=headers).get("/api/v1/appointments/")


def _refresh(token):
    body = {"refresh": token}
    path = "/api/v1/auth/refresh/"
    return Client(headers=HOST).post(path, body, "application/json")


def _is_page(address):
    return not any(part in address for part in ("/autocomplete/", "/r/", "/search/"))


def _rows():
    return [
        list(model.objects.order_by("pk").values())
        for model in (Appointment, Patient, OutboxMessage)
    ] + [User.objects.count()]


def _admin_addresses(visit):
    """Every address of the admin, with the visit's own id where one is asked for."""
    [admin] = [
        each
        for each in get_resolver("config.urls_clinic").url_patterns
        if str(each.pattern) == "admin/"
    ]
    found = []
    for route in _routes(admin, "/"):
        path = route.replace("<path:object_id>", str(visit.pk))
        if (
            "<" not in path
            and "(" not in path
            and not path.endswith(("/login/", "/logout/"))
        ):
            found.append(path)
    return found


def _routes(resolver, before):
    here = before + str(resolver.pattern)
    if isinstance(resolver, URLPattern):
        yield here
    elif isinstance(resolver, URLResolver):
        for each in resolver.url_patterns:
            yield from _routes(each, here)
