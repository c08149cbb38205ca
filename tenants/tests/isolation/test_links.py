"""Links that open without a log-in open at one clinic only."""

from django.core import signing
from django.test import Client
from django.urls import reverse

from accounts import resets
from accounts.models import User
from bookings.interop import links
from bookings.models import Appointment
from tenants import support
from tenants.context import clinic_context, platform_context
from tenants.models import SupportVisit
from tenants.signup import welcome
from tenants.tests.isolation.marks import canaries_in
from tenants.tests.isolation.names import HASHED, SAME, user_of


def browser_at(clinic):
    return Client(headers={"host": f"{clinic.slug}.localhost"})


def test_the_link_to_a_visit_opens_the_clinics_own_only(twins):
    riverside, harbor = twins
    visit = Appointment.objects.get(pk=SAME.id("visit"))
    path = links.appointment_url(visit).partition(riverside.platform_host)[2]
    assert canaries_in(browser_at(riverside).get(path)) == {"RIVERSIDE"}
    for more in ("", "calendar.ics", "cancel/", "move/"):
        there = browser_at(harbor).get(path.replace("?", f"{more}?"))
        assert there.status_code in (302, 404)
        assert canaries_in(there) <= {"HARBOR"}


def test_the_link_for_a_new_password_sets_none_elsewhere(twins):
    riverside, harbor = twins
    path = resets.link_for(user_of("owner"), riverside)
    path = path.partition(riverside.platform_host)[2]
    browser = browser_at(harbor)
    browser.get(path)
    password = "a new and long password"
    browser.post(reverse("accounts:reset-new"), {"password": password})
    with clinic_context(harbor):
        assert user_of("owner").password == HASHED
    at_home = browser_at(riverside)
    at_home.get(path)
    at_home.post(reverse("accounts:reset-new"), {"password": password})
    assert user_of("owner").password != HASHED


def test_the_link_of_support_lets_nobody_in_elsewhere(twins):
    riverside, harbor = twins
    with platform_context():
        User.objects.create_user(
            "noted-of-riverside@platform.example", None, role="operator"
        )
        visit = SupportVisit.objects.select_related("clinic").get(
            pk=SAME.id("support-visit")
        )
        path = support.link_for(visit).partition(riverside.platform_host)[2]
    for clinic, is_in in ((harbor, False), (riverside, True)):
        browser = browser_at(clinic)
        browser.get(path)
        browser.post(reverse("support-enter"))
        assert (browser.get("/admin/").status_code == 200) is is_in


def test_the_link_into_a_new_clinic_lets_nobody_in_elsewhere(twins):
    riverside, harbor = twins
    named = [str(riverside.pk), str(SAME.id("owner"))]
    path = reverse("welcome-link", args=[signing.dumps(named, salt=welcome._SALT)])
    for clinic, is_in in ((harbor, False), (riverside, True)):
        browser = browser_at(clinic)
        browser.get(path)
        browser.post(reverse("welcome"))
        assert (browser.get("/admin/").status_code == 200) is is_in
