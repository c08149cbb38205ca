"""Routes that are added later are walked by themselves, or say what the walker lacks."""

from fnmatch import fnmatch

import pytest
from django.http import HttpResponse
from django.urls import path, re_path

from tenants.tests.isolation.routes import VALUES, TeachTheWalkerError, routes


class Later:
    """A site with a route that nobody has told the walker about."""

    def __init__(self, *patterns):
        self.urlpatterns = list(patterns)


def page(request):
    return HttpResponse("CANARY-HARBOR")


@pytest.mark.parametrize(
    "pattern",
    [
        path("letters/<uuid:letter_id>/", page),
        re_path(r"^letters/(?P<letter_id>[0-9]{1,4})/$", page),
        re_path(r"^letters/([0-9]+)/$", page),
    ],
)
def test_an_argument_nobody_has_explained_is_an_error(pattern):
    with pytest.raises(TeachTheWalkerError, match=r"routes\.py"):
        routes(Later(pattern))  # type: ignore[arg-type]


def test_a_route_without_arguments_is_walked_at_once():
    site = Later(path("letters/", page))
    (only,) = routes(site)  # type: ignore[arg-type]
    assert (only.path, only.view) == ("/letters/", page)


def test_every_line_about_an_argument_is_of_some_route(db):
    """Those of routes that are gone would hide what a new one means."""
    patterns = [
        route.pattern
        for urlconf in ("config.urls_clinic", "config.urls_public")
        for route in routes(urlconf)
    ]
    unused = [
        (known, name)
        for known, name, _ in VALUES
        if not any(fnmatch(pattern, known) and name in pattern for pattern in patterns)
    ]
    assert unused == []
