"""The walker sees a leak wherever it is: each page here has another one."""

import logging

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.mail import send_mail
from django.http import HttpResponse
from django.urls import path
from django_redis import get_redis_connection

from accounts.models import User
from tenants.context import clinic_context
from tenants.models import Clinic
from tenants.tests.isolation.marks import marks_of
from tenants.tests.isolation.names import user_of
from tenants.tests.isolation.visitors import STRANGER
from tenants.tests.isolation.walking import Walker

SAID = "CANARY-HARBOR"


class Site:
    """A clinic's site of one page."""

    def __init__(self, page):
        self.urlpatterns = [path("", login_not_required(page))]


def in_the_body(request):
    return HttpResponse(f"<p>{SAID.lower()}</p>")


def in_a_header(request):
    return HttpResponse(headers={"Location": "http://harbor.localhost/"})


def in_a_cookie(request):
    answer = HttpResponse()
    answer.set_cookie("who", SAID)
    return answer


def by_a_cookie_for_all_hosts(request):
    answer = HttpResponse()
    answer.set_cookie("who", "nobody", domain="localhost")
    return answer


def in_a_mail(request):
    send_mail("Hello", f"From {SAID}", None, ["elif@mail.example"])
    return HttpResponse()


def in_the_log(request):
    logging.getLogger("canary").warning("met %s", SAID)
    return HttpResponse()


def by_a_log_line_of_another(request):
    with clinic_context(Clinic(slug="nobody", schema_name="c_nobody")):
        logging.getLogger("canary").warning("nothing")
    return HttpResponse()


def by_a_key_of_nobody(request):
    get_redis_connection("default").set("day", "x")
    return HttpResponse()


def in_a_value_in_redis(request):
    get_redis_connection("default").hset(f"slotwell:{request.clinic.pk}:x", "who", SAID)
    return HttpResponse()


def by_breaking(request):
    raise ZeroDivisionError


LEAKING = [
    in_the_body,
    in_a_header,
    in_a_cookie,
    by_a_cookie_for_all_hosts,
    in_a_mail,
    in_the_log,
    by_a_log_line_of_another,
    by_a_key_of_nobody,
    in_a_value_in_redis,
    by_breaking,
]


def asked(twins, settings, page) -> Walker:
    riverside, harbor = twins
    settings.ROOT_URLCONF = Site(page)
    walker = Walker("riverside.localhost", riverside, [marks_of(harbor)])
    walker.ask(STRANGER, "GET", "/")
    return walker


@pytest.mark.parametrize("page", LEAKING)
def test_what_a_page_leaks_is_found(twins, settings, page):
    assert len(asked(twins, settings, page).findings) == 1


def test_what_is_the_clinics_own_is_no_finding(twins, settings):
    def page(request):
        return HttpResponse(user_of("owner").name)

    walker = asked(twins, settings, page)
    assert (walker.findings, walker.seen_own) == ([], 1)


def test_what_a_request_writes_is_taken_back(twins, settings):
    def page(request):
        return HttpResponse(str(User.objects.update(name="Changed")))

    asked(twins, settings, page)
    assert user_of("owner").name.startswith("CANARY-RIVERSIDE")
