"""Every address of a site, read from the URL resolver and filled with rows of the world.

A route that is added later is found by itself; an argument whose meaning nobody has told
yet is an error that says where to tell it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from django.apps import apps
from django.urls import get_resolver
from django.urls.resolvers import RegexPattern, URLResolver
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from tenants.context import platform_context
from tenants.tests.isolation.names import SAME, Names

_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


class TeachTheWalkerError(LookupError):
    """An argument of a route that `VALUES` says nothing about."""


@dataclass(frozen=True)
class Route:
    """One address: the pattern it comes from, and the path for a visitor to ask for."""

    pattern: str
    path: str
    view: Any

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def is_admin(self) -> bool:
        return self.path.startswith("/admin/")


# (pattern of the route, argument) → what the world calls such a thing; the first fits.
VALUES: list[tuple[str, str, str]] = [
    ("doctors/*", "slug", "slug doctor"),
    ("book/*", "hold_id", "id hold"),
    ("appointments/*", "reference", "reference"),
    ("account/reset/*", "uid", "uid owner"),
    ("account/reset/*", "token", "text c0ffee-0123456789abcdef0123456789abcdef"),
    ("clinic/visits/*", "visit_id", "id support-visit"),
    ("account/support/*", "token", "text no-visit-at-all"),
    ("media/*", "folder", "text logo"),
    ("media/*", "name", "text canary.webp"),
    ("clinic/domains/*", "domain_id", "number"),
    ("clinic/exports/*", "archive_id", "id archive"),
    ("account/welcome/*", "token", "text c0ffee:0123456789"),
    ("api/v1/doctors/*", "pk", "id doctor-row"),
    ("api/v1/services/*", "pk", "id service"),
    ("api/v1/slots/*", "pk", "id slot-free"),
    ("api/v1/appointments/*", "pk", "id visit"),
    ("api/v1/holds/*", "token", "token hold"),
    ("admin/bookings/appointment/*", "object_id", "id visit"),
    ("admin/bookings/slot/*", "object_id", "id slot-free"),
    ("admin/bookings/patient/*", "object_id", "id patient-row"),
    ("admin/bookings/doctor/*", "object_id", "id doctor-row"),
    ("admin/bookings/service/*", "object_id", "id service"),
    ("admin/bookings/workinghours/*", "object_id", "id hours"),
    ("admin/bookings/timeoff/*", "object_id", "id time-off"),
    ("admin/bookings/holiday/*", "object_id", "id holiday"),
    ("admin/bookings/location/*", "object_id", "id location"),
    ("admin/bookings/practice/*", "object_id", "text 1"),
    ("admin/bookings/outboxmessage/*", "object_id", "id message"),
    ("admin/accounts/user/*", "object_id", "id reception"),
    ("admin/accounts/user/*", "id", "id reception"),
    ("admin/tenants/*", "object_id", "platform"),
    ("admin/*", "app_label", "text accounts"),
    ("admin/*", "url", "text no/such/page"),
]


def routes(urlconf: str, names: Names = SAME) -> list[Route]:
    """Return all routes of a site, in the resolver's order.

    Raises:
        TeachTheWalkerError: a route takes an argument that `VALUES` does not know.
    """
    return [
        Route(pattern, "/" + _filled(pattern, names), view)
        for pattern, view in _patterns(get_resolver(urlconf))
    ]


def with_arguments(all_routes: list[Route]) -> list[Route]:
    """Return those that name something."""
    return [route for route in all_routes if _ARGUMENT.search(route.pattern)]


def _patterns(resolver: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        pattern = before + _text(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, pattern)
        else:
            yield pattern, entry.callback


def _text(pattern: Any) -> str:
    """A pattern as text; what anchors a regular expression is no part of a path."""
    text = str(pattern)
    if isinstance(pattern, RegexPattern):
        return text.removeprefix("^").removesuffix("$").removesuffix(r"\Z")
    return text


def _filled(pattern: str, names: Names) -> str:
    path = _ARGUMENT.sub(
        lambda found: _value(pattern, found[1] or found[2], names), pattern
    )
    if re.search(r"[\\()^$|*+?<>]", path):
        raise TeachTheWalkerError(_taught_where(pattern, path))
    return path


def _value(pattern: str, argument: str, names: Names) -> str:
    for known, name, meaning in VALUES:
        if name == argument and fnmatch(pattern, known):
            return _said(meaning, names) if meaning != "platform" else _row(pattern)
    raise TeachTheWalkerError(_taught_where(pattern, argument))


def _row(pattern: str) -> str:
    """The key of some row of the platform, of the model that the admin's pattern names."""
    model = apps.get_model("tenants", pattern.split("/")[2])
    with platform_context():
        row = model._base_manager.first()
    return str(row.pk) if row else str(SAME.id("nothing"))


def _said(meaning: str, names: Names) -> str:
    kind, _, what = meaning.partition(" ")
    match kind:
        case "id":
            return str(names.id(what))
        case "slug":
            return names.slug(what)
        case "number":
            return str(names.number)
        case "reference":
            return names.reference(0)
        case "token":
            return names.token(what)
        case "uid":
            return urlsafe_base64_encode(force_bytes(names.id(what)))
        case _:
            return what


def _taught_where(pattern: str, what: str) -> str:
    return (
        f"Teach the walker: what is {what!r} in the route {pattern!r}? "
        "Add it to VALUES in tenants/tests/isolation/routes.py."
    )
