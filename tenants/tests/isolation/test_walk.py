"""Every address of riverside, asked for by everybody there, never tells of harbor."""

import json
from urllib.parse import urlencode, urljoin

import pytest

from tenants.tests.isolation import forms
from tenants.tests.isolation.marks import marks_of
from tenants.tests.isolation.routes import Route, routes
from tenants.tests.isolation.visitors import Visitor, visitors_of
from tenants.tests.isolation.walking import Walker

CLINIC = "config.urls_clinic"
# What a proxy, or somebody who plays one, may say of the host. Nobody believes it.
LIES = {
    "x-forwarded-host": "harbor.localhost",
    "x-original-host": "harbor.localhost",
    "x-host": "harbor.localhost",
    "forwarded": "for=192.0.2.1;host=harbor.localhost;proto=https",
    "x-forwarded-server": "harbor.localhost",
}
EVERYBODY = ("stranger", "guest", "patient", "doctor", "reception", "owner", "support")


# Owners see and may the most: they try everything. For the others' admin, looking and
# sending its forms is enough; a HEAD or OPTIONS there is a GET to Django.
THOROUGH = ("stranger", "patient", "owner")


@pytest.mark.parametrize("role", EVERYBODY)
def test_nobody_at_riverside_meets_anything_of_harbor(twins, role):
    riverside, harbor = twins
    walker = Walker("riverside.localhost", riverside, [marks_of(harbor)])
    walk(walker, visitors_of(riverside)[role], routes(CLINIC))
    assert walker.findings == []
    assert walker.seen_own > (100 if role == "owner" else 10)


def walk(walker: Walker, visitor: Visitor, every: list[Route]) -> None:
    """Ask for each address in every way that makes a difference."""
    sent: set[object] = set()
    for route in every:
        asked = f"{route.path}?{urlencode(forms.question_for(route))}"
        page = walker.ask(visitor, "GET", asked, headers=LIES)
        if visitor.role in THOROUGH and not route.is_admin:
            walker.ask(visitor, "GET", route.path, is_htmx=True)
            walker.ask(visitor, "HEAD", route.path)
            walker.ask(visitor, "OPTIONS", route.path)
        if visitor.role == "owner" or not route.is_admin:
            walker.ask(visitor, "POST", route.path)
        if route.is_api:
            _send_json(walker, visitor, route)
        else:
            _send_forms(walker, visitor, page, sent)


def _send_json(walker: Walker, visitor: Visitor, route: Route) -> None:
    for method in ("POST", "DELETE"):
        body = json.dumps(forms.body_for(route))
        walker.ask(
            visitor, method, route.path, data=body, content_type="application/json"
        )


def _send_forms(walker: Walker, visitor: Visitor, page, sent: set[object]) -> None:
    """Send each form of a page to where it goes, but one of a kind only once."""
    for form in forms.forms_in("" if page.streaming else page.text):
        where = urljoin(page.request["PATH_INFO"], form.action)
        if form.kind_at(where) not in sent:
            sent.add(form.kind_at(where))
            walker.ask(visitor, "POST", where, headers=LIES, **form.body())
