"""Operators who look into a clinic: by one link, for a while, and reading only."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils.timezone import now

from accounts import resets, roles, tokens
from accounts.models import User
from bookings.live import admission
from bookings.tests import make
from tenants import lifecycle, support
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic, ClinicEvent, SupportVisit

REASON = "Ticket 4711: no mail gets out"


@pytest.fixture
def olive(db):
    with platform_context():
        return make.user(role="operator", email="olive@slotwell.example", name="Olive")


@pytest.fixture
def visit(clinic, olive):
    make.practice()
    return support.ask(clinic, operator=olive, reason=REASON)


@pytest.fixture
def inside(visit, clinic_client):
    """A browser in which Olive is in, as support."""
    return _enter(clinic_client, visit)


def _path(link):
    return link.partition("localhost")[2].partition("/")[2].join(["/", ""])


def _enter(browser, visit):
    browser.get(_path(support.link_for(visit)))
    answer = browser.post("/account/support/")
    assert answer["Location"] == "/admin/"
    return browser


def _stored(visit):
    with platform_context():
        return SupportVisit.objects.get(pk=visit.pk)


# Asking --------------------------------------------------------------------------------


def test_a_visit_is_written_down_for_the_owner(clinic, visit, olive):
    with platform_context():
        event = ClinicEvent.objects.get(clinic_id=clinic.pk, kind="support")
    assert (event.by, event.note) == (olive.email, REASON)
    [seen] = support.visits(clinic)
    assert (seen.operator, seen.reason, seen.entered_at) == (olive.email, REASON, None)
    assert seen.ends_at - seen.created_at == timedelta(hours=1)


@pytest.mark.parametrize(
    ("reason", "hours"),
    [("", 1), ("  \0 ", 1), ("r" * 301, 1), (REASON, 0), (REASON, 5)],
)
def test_without_a_reason_or_for_too_long_nobody_looks_in(clinic, olive, reason, hours):
    with pytest.raises(ValidationError):
        support.ask(clinic, operator=olive, reason=reason, hours=hours)
    assert support.visits(clinic) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "closed"},
        {"status": "creating"},
        {"migration_error": "no such table"},
    ],
)
def test_a_clinic_that_shows_no_pages_is_not_looked_into(clinic, olive, facts):
    with platform_context():
        Clinic.objects.filter(pk=clinic.pk).update(**facts)
    with pytest.raises(lifecycle.NotNowError):
        support.ask(clinic, operator=olive, reason=REASON)


# The link ------------------------------------------------------------------------------


def test_the_page_says_what_it_opens_and_the_button_opens_it(visit, clinic_client):
    answer = clinic_client.get(_path(support.link_for(visit)))
    assert answer["Location"] == "/account/support/"
    page = clinic_client.get("/account/support/").content.decode()
    zone = visit.clinic.zone
    assert f"until {visit.ends_at.astimezone(zone):%H:%M}" in page
    assert REASON in page
    assert _stored(visit).entered_at is None
    clinic_client.post("/account/support/")
    assert _stored(visit).entered_at is not None
    desk = clinic_client.get("/admin/").content.decode()
    assert "You are looking in as support until" in desk


def test_the_link_opens_one_visit_only(visit, inside):
    again = Client(headers={"host": "riverside.localhost"})
    again.get(_path(support.link_for(visit)))
    assert again.get("/account/support/").status_code == 410
    assert again.post("/account/support/").status_code == 410
    assert "_auth_user_id" not in again.session


def test_the_button_needs_the_pages_own_secret(visit):
    forger = Client(headers={"host": "riverside.localhost"}, enforce_csrf_checks=True)
    forger.get(_path(support.link_for(visit)))
    assert forger.post("/account/support/").status_code == 403
    assert _stored(visit).entered_at is None


def test_the_link_is_one_clinics(visit, other_client):
    other_client.get(_path(support.link_for(visit)))
    assert other_client.post("/account/support/").status_code == 410


def test_the_link_is_good_for_ten_minutes(visit, clinic, time_machine):
    token = _path(support.link_for(visit)).split("/")[-2]
    time_machine.move_to(now() + timedelta(minutes=9))
    assert support.visit_of(token, clinic) == visit
    time_machine.move_to(now() + timedelta(minutes=2))
    with pytest.raises(support.VisitEndedError):
        support.visit_of(token, clinic)


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "\ud800", "🙂" * 200])
def test_a_forged_link_opens_nothing(clinic, token):
    with pytest.raises(support.VisitEndedError):
        support.enter(token, clinic)


def test_an_operator_who_left_meanwhile_stays_out(clinic, visit, olive):
    token = _path(support.link_for(visit)).split("/")[-2]
    with platform_context():
        User.objects.filter(pk=olive.pk).update(is_active=False)
    with pytest.raises(support.VisitEndedError):
        support.enter(token, clinic)


def test_no_log_tells_the_token(visit, clinic_client, caplog):
    caplog.set_level(logging.DEBUG)
    path = _path(support.link_for(visit))
    clinic_client.get(path)
    clinic_client.get("/account/support/")
    clinic_client.post("/account/support/")
    clinic_client.post("/account/support/")
    assert path.split("/")[-2] not in caplog.text


def test_two_presses_at_once_let_one_in(committed):
    with platform_context():
        olive = make.user(role="operator", email="race@slotwell.example")
    visit = support.ask(committed, operator=olive, reason=REASON)
    token = _path(support.link_for(visit)).split("/")[-2]
    start = threading.Barrier(4)

    def press():
        try:
            with clinic_context(committed):
                start.wait()
                support.enter(token, committed)
                return True
        except support.VisitEndedError:
            return False
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(4) as pool:
            results = [job.result() for job in [pool.submit(press) for _ in range(4)]]
        assert sorted(results) == [False, False, False, True]
    finally:
        with platform_context():
            visit.delete()
            connection.cursor().execute(
                "DELETE FROM accounts_user WHERE id = %s", [olive.pk]
            )
            ClinicEvent.objects.filter(by="race@slotwell.example").delete()


# Who is in -----------------------------------------------------------------------------


def test_support_is_a_user_for_a_while_without_a_password(inside, visit):
    user = User.objects.get(role="support")
    assert user.ends_at == visit.ends_at
    assert not user.has_usable_password()
    assert user.email.endswith(".invalid")
    assert str(user) == "Slotwell support (Olive)"
    session = Session.objects.get(session_key=inside.session.session_key)
    assert abs(session.expire_date - visit.ends_at) < timedelta(seconds=2)


def test_who_comes_again_is_the_same_user_and_the_visit_before_ends(
    inside, visit, clinic, olive
):
    second = support.ask(clinic, operator=olive, reason="Again", hours=4)
    other_browser = _enter(Client(headers={"host": "riverside.localhost"}), second)
    assert User.objects.filter(role="support").count() == 1
    assert inside.get("/admin/").status_code == 302
    assert other_browser.get("/admin/").status_code == 200
    assert _stored(visit).ends_at <= now()


def test_whoever_was_in_the_browser_is_out(visit, clinic_client):
    owner = make.user(role="owner")
    clinic_client.force_login(owner)
    clinic_client.session["holds"] = {"a": "b"}
    _enter(clinic_client, visit)
    assert clinic_client.session["_auth_user_id"] != str(owner.pk)
    assert "holds" not in clinic_client.session


def test_support_that_the_owner_switched_off_stays_off(inside, clinic, olive):
    User.objects.filter(role="support").update(is_active=False)
    assert inside.get("/admin/").status_code == 302
    again = support.ask(clinic, operator=olive, reason=REASON)
    browser = Client(headers={"host": "riverside.localhost"})
    browser.get(_path(support.link_for(again)))
    assert browser.post("/account/support/").status_code == 409
    assert _stored(again).entered_at is None


def test_when_the_time_is_over_the_next_request_is_out_and_sockets_end(
    inside, visit, time_machine
):
    class Viewer:
        user = User.objects.get(role="support")
        session_key = inside.session.session_key

    viewer = Viewer()
    assert inside.get("/admin/bookings/patient/").status_code == 200
    assert admission.ended([viewer]) == set()
    time_machine.move_to(visit.ends_at + timedelta(seconds=1))
    assert admission.ended([viewer]) == {viewer}
    Session.objects.update(expire_date=datetime(2100, 1, 1, tzinfo=UTC))
    assert admission.ended([viewer]) == {viewer}
    assert inside.get("/admin/bookings/patient/").status_code == 302


def test_the_owner_ends_a_visit_at_once(inside, visit, clinic):
    support.end(visit, by="owner@riverside.example")
    assert inside.get("/admin/").status_code == 302
    assert _stored(visit).ends_at <= now()
    with platform_context():
        last = ClinicEvent.objects.filter(clinic_id=clinic.pk)[0]
    assert (last.kind, last.by) == ("support", "owner@riverside.example")


def test_a_visit_that_is_ended_before_it_began_does_not_begin(visit, clinic_client):
    support.end(visit, by="owner@riverside.example")
    clinic_client.get(_path(support.link_for(visit)))
    assert clinic_client.post("/account/support/").status_code == 410


def test_a_suspended_clinic_is_looked_into_and_a_closed_one_is_left(
    visit, clinic, clinic_client
):
    lifecycle.suspend(clinic, by="olive", reason="unpaid")
    _enter(clinic_client, visit)
    assert clinic_client.get("/admin/").status_code == 200
    lifecycle.close(clinic, by="olive")
    assert clinic_client.get("/admin/").status_code == 410


# Doors besides -------------------------------------------------------------------------


def test_support_gets_no_password_and_no_token(inside, clinic, clinic_client):
    user = User.objects.get(role="support")
    resets.send(clinic, user.email)
    assert mail.outbox == []
    link = resets.link_for(user, clinic)
    uid, token = link.rstrip("/").split("/")[-2:]
    assert resets.owner_of(uid, token, clinic) is None
    with pytest.raises(tokens.InvalidTokenError):
        tokens.owner_of(tokens.issue(user, clinic.pk).access, clinic.pk, "access")


def test_support_is_nobody_to_choose_or_to_count(inside, as_owner):
    user = User.objects.get(role="support")
    assert user.role not in roles.STAFF
    assert not roles.runs_desk(user)
    assert not roles.is_owner(user)
    page = as_owner.get("/admin/bookings/doctor/add/").content.decode()
    assert "Slotwell support" not in page


@pytest.fixture
def as_owner(clinic):
    browser = Client(headers={"host": "riverside.localhost"})
    browser.force_login(make.user(role="owner"))
    return browser
