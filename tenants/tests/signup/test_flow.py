"""From the form to a clinic whose owner is logged in."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.models import User
from tenants import hosts, provisioning
from tenants.context import clinic_context
from tenants.lifecycle import TRIAL
from tenants.models import Clinic, ClinicEvent
from tenants.tests.signup.conftest import (
    NADIA,
    PASSWORD,
    SLUG,
    browser_anywhere,
    go_through,
    link_on,
    mailed_code,
    type_code,
    willow,
)


def test_a_clinic_is_there_once_the_code_is_typed(for_real):
    browser = browser_anywhere()
    assert browser.get("/signup/").status_code == 200
    answer = browser.post("/signup/", NADIA | {"name": "  Willow \n Park Clinic "})
    assert (answer.status_code, answer["Location"]) == (302, "/signup/code/")
    with pytest.raises(Clinic.DoesNotExist):
        willow()

    assert type_code(browser, mailed_code())["Location"] == "/signup/ready/"
    clinic = willow()
    assert (clinic.name, clinic.timezone) == ("Willow Park Clinic", "Europe/Berlin")
    assert clinic.plan
    assert (clinic.status, clinic.plan.code) == ("trial", "trial")
    assert clinic.trial_ends_at
    late = timezone.now() + TRIAL - clinic.trial_ends_at
    assert 0 <= late.total_seconds() < 60
    with clinic_context(clinic):
        owner = User.objects.get()
        assert (owner.name, owner.email) == ("Nadia Haddad", "nadia@willow.example")
        assert (owner.role, owner.last_login) == ("owner", None)
        assert owner.check_password(PASSWORD)
    told = ClinicEvent.objects.get(clinic_id=clinic.pk)
    assert (told.kind, told.by) == ("created", "nadia@willow.example")


def test_the_owner_is_told_the_addresses(for_real):
    go_through(browser_anywhere())
    message = mail.outbox[-1]
    assert message.to == ["nadia@willow.example"]
    assert message.subject == "Willow Park Clinic is ready · Slotwell"
    for path in ("/", "/admin/", "/setup/", "/clinic/"):
        assert f"http://{SLUG}.localhost:8000{path}\n" in message.body
    assert "/account/welcome/" not in message.body


def test_the_link_logs_the_owner_in_once(for_real):
    public = browser_anywhere()
    go_through(public)
    host, path = link_on(public)
    assert host == f"{SLUG}.localhost:8000"

    owner = browser_anywhere(host)
    assert owner.get(path)["Location"] == "/account/welcome/"
    page = owner.get("/account/welcome/")
    assert "Your clinic is ready at" in page.text
    assert path not in page.text
    assert owner.get("/setup/").status_code == 302  # not by looking

    assert owner.post("/account/welcome/")["Location"] == "/setup/"
    assert owner.get("/setup/")["Location"] == "/setup/place/"
    assert owner.get("/setup/place/").status_code == 200
    assert owner.get(path, follow=True).redirect_chain[-1][0] == "/setup/place/"

    thief = browser_anywhere(host)
    assert thief.get(path, follow=True).status_code == 410
    assert thief.post("/account/welcome/").status_code == 410
    assert "/account/welcome/" not in public.get("/signup/ready/").text


@pytest.mark.parametrize("path", ["/signup/code/", "/signup/address/"])
def test_back_and_reload_show_the_same_clinic(for_real, path):
    browser = browser_anywhere()
    go_through(browser)
    assert browser.get(path)["Location"] == "/signup/ready/"
    assert browser.post(path, {"code": "123456"})["Location"] == "/signup/ready/"
    assert browser.post("/signup/", NADIA)["Location"] == "/signup/ready/"
    assert "Willow Park Clinic" in browser.get("/signup/").text
    assert Clinic.objects.filter(name="Willow Park Clinic").count() == 1
    assert len(mail.outbox) == 2


def test_a_second_click_ends_at_the_same_clinic(for_real):
    """Both requests began with the session as it was before."""
    browser = browser_anywhere()
    browser.post("/signup/", NADIA)
    before = dict(browser.session)
    code = mailed_code()
    type_code(browser, code)
    session = browser.session
    session.clear()
    session.update(before)
    session.save()
    assert type_code(browser, code)["Location"] == "/signup/ready/"
    assert link_on(browser)[0] == f"{SLUG}.localhost:8000"
    assert [m.subject[:6] for m in mail.outbox] == [code, "Willow"]


def test_two_clicks_at_once_make_one_clinic(for_real):
    browser = browser_anywhere()
    browser.post("/signup/", NADIA)
    code, start = mailed_code(), threading.Barrier(2)

    def click():
        second = browser_anywhere()
        second.cookies = browser.cookies
        try:
            start.wait()
            return type_code(second, code)["Location"]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = [job.result() for job in [pool.submit(click) for _ in range(2)]]
    assert answers == ["/signup/ready/"] * 2
    assert Clinic.objects.filter(name="Willow Park Clinic").count() == 1
    assert link_on(browser)[0] == f"{SLUG}.localhost:8000"
    assert len(mail.outbox) == 2


def test_the_same_person_may_own_two_clinics(for_real):
    browser = browser_anywhere()
    go_through(browser)
    go_through(browser, slug="willow-hill", name="Willow Hill")
    slugs = Clinic.objects.filter(name__startswith="Willow").values_list("slug")
    assert sorted(slugs) == [("willow-hill",), ("willow-park",)]
    assert link_on(browser)[0] == "willow-hill.localhost:8000"


def test_who_is_slower_chooses_another_address_and_types_nothing_else(for_real):
    nadia, bob = browser_anywhere(), browser_anywhere()
    nadia.post("/signup/", NADIA)
    hers = mailed_code()
    bob.post("/signup/", NADIA | {"name": "Bob’s", "email": "bob@other.example"})
    assert type_code(bob, mailed_code())["Location"] == "/signup/ready/"

    assert type_code(nadia, hers)["Location"] == "/signup/address/"
    page = nadia.get("/signup/address/")
    assert "“willow-park” is taken." in page.text
    assert "willow-park-berlin" in page.text
    again = nadia.post("/signup/address/", {"slug": SLUG})
    assert again.status_code == 422
    answer = nadia.post("/signup/address/", {"slug": "Willow-Park-Berlin"})
    assert answer["Location"] == "/signup/ready/"
    made = Clinic.objects.get(slug="willow-park-berlin")
    assert (made.name, willow().name) == ("Willow Park Clinic", "Bob’s")
    with clinic_context(made):
        assert User.objects.get().check_password(PASSWORD)


def test_one_that_cannot_be_built_now_is_finished_by_a_worker(for_real, monkeypatch):
    def fail(*args):
        raise DatabaseError("no room")

    browser = browser_anywhere()
    with monkeypatch.context() as broken:
        broken.setattr(provisioning, "_build_schema", fail)
        assert go_through(browser)["Location"] == "/signup/ready/"
        page = browser.get("/signup/ready/")
    assert "is being prepared" in page.text
    assert page["Refresh"] == "5"
    assert len(mail.outbox) == 1

    provisioning.finish_left(timezone.now() + 2 * provisioning._LEFT_ALONE)
    host, path = link_on(browser)
    assert browser_anywhere(host).get(path, follow=True).status_code == 200
    link_on(browser)
    assert [m.subject[:6] for m in mail.outbox[1:]] == ["Willow"]


def test_a_kill_half_way_is_mended_by_the_same_owner(for_real, monkeypatch):
    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(provisioning, "_make_owner", die)
        with pytest.raises(KeyboardInterrupt):
            go_through(browser_anywhere(), password="another long pass phrase")
    with pytest.raises(hosts.UnknownHostError):
        hosts.resolve(f"{SLUG}.localhost")
    stranger = browser_anywhere().post("/signup/", NADIA | {"email": "b@o.example"})
    assert "is taken" in stranger.text

    assert go_through(browser_anywhere())["Location"] == "/signup/ready/"
    with clinic_context(willow()):
        assert User.objects.get().check_password(PASSWORD)
