"""Every address of riverside, asked for by everybody there, never tells of harbor."""

import json

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


@pytest.mark.parametrize("role", EVERYBODY)
def test_nobody_at_riverside_meets_anything_of_harbor(twins, role):
    riverside, harbor = twins
    walker = Walker("riverside.localhost", riverside, [marks_of(harbor)])
    visitor = visitors_of(riverside)[role]
    for route in routes(CLINIC):
        walk(walker, visitor, route, all_methods=role in ("stranger", "owner"))
    assert walker.findings == []
    assert walker.seen_own > (60 if role == "owner" else 5)


def walk(
    walker: Walker, visitor: Visitor, route: Route, *, all_methods: bool = True
) -> None:
    """Ask for one address in every way that makes a difference."""
    page = walker.ask(visitor, "GET", route.path)
    asked = "&".join(f"{k}={v}" for k, v in forms.question_for(route).items())
    walker.ask(
        visitor, "GET", f"{route.path}?{asked}", is_htmx=not route.is_api, headers=LIES
    )
    if all_methods:
        walker.ask(visitor, "HEAD", route.path)
        walker.ask(visitor, "OPTIONS", route.path)
        walker.ask(visitor, "POST", route.path)
    if route.is_api:
        _send_json(walker, visitor, route)
    else:
        _send_forms(walker, visitor, route, page)


def _send_json(walker: Walker, visitor: Visitor, route: Route) -> None:
    sent = {
        "data": json.dumps(forms.body_for(route)),
        "content_type": "application/json",
    }
    for method in ("POST", "DELETE", "PATCH"):
        walker.ask(visitor, method, route.path, headers=LIES, **sent)


def _send_forms(walker: Walker, visitor: Visitor, route: Route, page) -> None:
    for number, form in enumerate(forms.forms_in(page.text)[:3]):
        body = forms.encoded(form)
        walker.ask(
            visitor, "POST", route.path, is_htmx=bool(number % 2), headers=LIES, **body
        )
