"""Names a clinic may have, and those it may not."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

# Hosts that are ours, or that a visitor would take to be ours.
RESERVED = frozenset(
    [
        "about",
        "abuse",
        "account",
        "accounts",
        "admin",
        "administrator",
        "api",
        "app",
        "apps",
        "assets",
        "auth",
        "autoconfig",
        "autodiscover",
        "billing",
        "blog",
        "cdn",
        "clinic",
        "clinics",
        "dashboard",
        "demo",
        "dev",
        "docs",
        "download",
        "email",
        "fhir",
        "ftp",
        "go",
        "health",
        "healthz",
        "help",
        "host",
        "hosting",
        "imap",
        "info",
        "internal",
        "localhost",
        "login",
        "mail",
        "media",
        "mx",
        "news",
        "ns",
        "ns1",
        "ns2",
        "operator",
        "operators",
        "ops",
        "platform",
        "pop",
        "postmaster",
        "pricing",
        "private",
        "public",
        "readyz",
        "root",
        "security",
        "shop",
        "sign-in",
        "sign-up",
        "signup",
        "slotwell",
        "smtp",
        "sql",
        "ssl",
        "staff",
        "staging",
        "static",
        "stats",
        "status",
        "support",
        "system",
        "test",
        "tests",
        "tls",
        "webmail",
        "ws",
        "www",
    ]
)
_ZONES = frozenset(zone for zone in available_timezones() if zone != "localtime")


def is_reserved(slug: str) -> None:
    """Refuse an address that is kept for the platform.

    Raises:
        ValidationError: it is reserved, or looks like punycode.
    """
    if slug in RESERVED or slug.startswith("xn-"):
        raise ValidationError(_("This address is reserved. Choose another."))


def is_zone(name: str) -> None:
    """Accept IANA time zone names only; `ZoneInfo(name)` would open files by path.

    Raises:
        ValidationError: the time zone database has no such name.
    """
    if name not in _ZONES:
        raise ValidationError(_("Choose a time zone such as Europe/London."))


def new_schema_name() -> str:
    """Make a schema name that says nothing of the clinic and is never reused."""
    return f"c_{uuid7().hex}"
