"""Single walls between clinics, each tried by itself; a wall that leaks is an error.

Called by the tests, and again with each wall broken on purpose (`test_planted`).
"""

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.db import connection
from django_redis import get_redis_connection

from tenants import asgi
from tenants.context import clinic_context
from tenants.models import Clinic
from tenants.tests.isolation import elsewhere, world
from tenants.tests.isolation.marks import canaries_in, marks_of
from tenants.tests.isolation.routes import Route, routes
from tenants.tests.isolation.visitors import STRANGER, operator, visitors_of
from tenants.tests.isolation.walking import Walker

Twins = tuple[Clinic, Clinic]
CLINIC = "config.urls_clinic"
# Who may not open a socket at http://harbor.localhost:8000.
FOREIGN_ORIGINS = [
    "http://riverside.localhost:8000",
    "https://harbor.localhost:8000",
    "http://harbor.localhost",
    "http://harbor.localhost:8001",
    "http://localhost:8000",
    "http://evil-harbor.localhost:8000",
    "http://harbor.localhost:8000.evil.example",
    "http://harbor.localhost.evil.example:8000",
    "http://evil.harbor.localhost:8000",
    "http://harbor.localhost:8000@evil.example",
    "http://evil.example\x85Origin: http://harbor.localhost:8000",
    "http://harbor.localhost:8000, http://evil.example",
    "harbor.localhost:8000",
    "file://",
    "null",
    "",
]


def search_path(twins: Twins) -> None:
    """A clinic's connection sees its own schema and the extensions, and no more."""
    for clinic in twins:
        with clinic_context(clinic), connection.cursor() as cursor:
            cursor.execute("SELECT current_schemas(false)")
            row = cursor.fetchone()
            assert row == ([clinic.schema_name, "extensions"],)


def foreign_cookies(twins: Twins) -> None:
    """Riverside's browser is nobody at harbor, even where all keys are equal."""
    riverside, harbor = twins
    walker = Walker("harbor.localhost", harbor, [marks_of(riverside)])
    of = visitors_of(riverside)
    found = elsewhere.find_differences(walker, [of["owner"]], _few(CLINIC))
    assert found + walker.findings == []


def operators_cookies(twins: Twins) -> None:
    """An operator's browser is nobody at a clinic."""
    riverside, harbor = twins
    walker = Walker("riverside.localhost", riverside, [marks_of(harbor)])
    found = elsewhere.find_differences(walker, [operator()], _few(CLINIC))
    assert found + walker.findings == []


def foreign_tokens(twins: Twins) -> None:
    """Riverside's token opens nothing at harbor."""
    riverside, harbor = twins
    walker = Walker("harbor.localhost", harbor, [marks_of(riverside)])
    owner = visitors_of(riverside)["owner"]
    found = elsewhere.find_welcome_tokens(walker, [owner], _few(CLINIC))
    assert found + walker.findings == []


def pages(twins: Twins) -> None:
    """What riverside's owner sees is riverside's."""
    riverside, harbor = twins
    walker = Walker("riverside.localhost", riverside, [marks_of(harbor)])
    owner = visitors_of(riverside)["owner"]
    for route in _few(CLINIC):
        walker.ask(owner, "GET", route.path)
    assert walker.findings == []
    assert walker.seen_own


def keys_in_redis(twins: Twins) -> None:
    """What is kept is kept under the clinic's UUID, and read under no other."""
    riverside, harbor = twins
    redis = get_redis_connection("default")
    with clinic_context(riverside):
        cache.set("day", "riverside's")
    assert list(redis.scan_iter()) == [f"{riverside.pk}::1:day".encode()]
    with clinic_context(harbor):
        assert cache.get("day") is None
    walker = Walker("riverside.localhost", riverside, [marks_of(harbor)])
    walker.ask(STRANGER, "POST", "/account/login/", **_login())
    assert walker.findings == []


def origins(twins: Twins) -> None:
    """A socket is opened from the very same host and scheme, or by a program."""
    del twins
    assert _is_admitted("http://harbor.localhost:8000")
    let_in = [origin for origin in FOREIGN_ORIGINS if _is_admitted(origin)]
    assert let_in == []


def files(twins: Twins) -> None:
    """A clinic's storage reaches its own folder; its site shows what a row names."""
    riverside, harbor = twins
    foreign = f"../{harbor.pk}/logo/canary.webp"
    own = world.folder_of(harbor) / "logo"
    (own / "theirs.webp").write_bytes(b"CANARY-HARBOR")
    with clinic_context(riverside):
        folder = Path(default_storage.path("logo"))
        assert folder == world.folder_of(riverside) / "logo"
        (folder / "unnamed.webp").write_bytes(b"CANARY-RIVERSIDE, of nobody")
        assert not default_storage.exists("logo/theirs.webp")
        for name in (foreign, f"{own}/theirs.webp", "/etc/passwd"):
            with pytest.raises(SuspiciousFileOperation):
                default_storage.open(name)


def served_files(twins: Twins) -> None:
    """The clinic's own file is served, and nothing else by whatever address."""
    files(twins)
    riverside, harbor = twins
    walker = Walker("riverside.localhost", riverside, [marks_of(harbor)])
    shown = walker.ask(STRANGER, "GET", "/media/logo/canary.webp")
    assert canaries_in(shown) == {"RIVERSIDE"}
    steps = ("..", "%2e%2e", "%2E%2E", "..%2f", "%252e%252e", ".", "")
    addresses = [
        *(f"/media/{step}/{harbor.pk}/logo/canary.webp" for step in steps),
        *(f"/media/logo/{step}/{step}/{harbor.pk}/logo/theirs.webp" for step in steps),
        f"/media/{harbor.pk}/logo/canary.webp",
        "/media/logo/theirs.webp",
        "/media/logo/unnamed.webp",
        "/media/logo/",
        "/media/",
    ]
    for address in addresses:
        assert walker.ask(STRANGER, "GET", address).status_code in (400, 404), address
    assert walker.findings == []


def _few(urlconf: str) -> list[Route]:
    """A handful of routes that show most."""
    chosen = (
        "account/",
        "appointments/",
        "appointments/<str:reference>/",
        "admin/bookings/patient/",
        "admin/bookings/patient/<path:object_id>/change/",
        "api/v1/appointments/",
        "api/v1/doctors/",
    )
    return [each for each in routes(urlconf) if each.pattern in chosen]


def _login() -> dict[str, Any]:
    return {
        "data": "email=owner%40mail.example&password=wrong",
        "content_type": "application/x-www-form-urlencoded",
    }


def _is_admitted(origin: str) -> bool:
    headers = {"host": "harbor.localhost:8000", "origin": origin}
    return asgi._admit(headers) is not None
