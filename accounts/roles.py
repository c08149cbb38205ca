"""What each role may do. Edges ask here; actions check domain rules only."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


Anyone: TypeAlias = "User | AnonymousUser"

PATIENT, RECEPTION, DOCTOR, OWNER, SUPPORT, OPERATOR = (
    "patient",
    "reception",
    "doctor",
    "owner",
    "support",
    "operator",
)
STAFF = frozenset({RECEPTION, DOCTOR, OWNER})
# Support is an operator who looks into a clinic for a while, and changes nothing.
DESK = STAFF | {SUPPORT}

_CALENDAR = frozenset({"timeoff", "holiday", "workinghours"})
_DAILY = _CALENDAR | frozenset(
    [
        "appointment",
        "appointmentchange",
        "patient",
        "slot",
        "outboxmessage",
    ]
)
_SETUP = frozenset(["doctor", "service", "location", "practice"])
# (role, verb) → models of the clinic's admin. The owner may all of it.
_GRANTS: dict[tuple[str, str], frozenset[str]] = {
    (RECEPTION, "view"): _DAILY | _SETUP,
    (RECEPTION, "add"): frozenset({"patient", *_CALENDAR}),
    (RECEPTION, "change"): _DAILY,
    (RECEPTION, "delete"): _CALENDAR,
    (DOCTOR, "view"): _DAILY | _SETUP,
}


def _role(user: "Anyone") -> str | None:
    return user.role if user.is_authenticated and user.is_active else None


def is_staff(user: "Anyone") -> bool:
    """May enter the admin: clinic staff at their clinic, operators on the platform."""
    return _role(user) in DESK | {OPERATOR}


def runs_desk(user: "Anyone") -> bool:
    """May book, cancel and publish for the whole clinic."""
    return _role(user) in {RECEPTION, OWNER}


def may_overbook(user: "Anyone") -> bool:
    """May put a second visit on a doctor's time, with a reason."""
    return _role(user) in {RECEPTION, OWNER}


def sees_all_appointments(user: "Anyone") -> bool:
    return _role(user) in {RECEPTION, OWNER, SUPPORT}


def is_owner(user: "Anyone") -> bool:
    """May say what becomes of the clinic itself: its domains, its data, its end."""
    return _role(user) == OWNER


def is_support(user: "Anyone") -> bool:
    """Looks in for a while, and changes nothing whatever a door would allow."""
    return _role(user) == SUPPORT


def is_doctor(user: "Anyone") -> bool:
    return _role(user) == DOCTOR


def may(user: "Anyone", perm: str) -> bool:
    """Answer `app.verb_model` of Django's admin by role."""
    app, _, rest = perm.partition(".")
    verb, _, model = rest.partition("_")
    role = _role(user)
    if role == OPERATOR:
        return app in {"tenants", "accounts"}
    if role == OWNER:
        return app in {"bookings", "accounts"}
    if role == SUPPORT:
        return app == "bookings" and verb == "view"
    return app == "bookings" and model in _GRANTS.get((role or "", verb), frozenset())


def may_see_app(user: "Anyone", app: str) -> bool:
    """Say whether any model of `app` shows in this user's admin."""
    role = _role(user)
    if role == OPERATOR:
        return app in {"tenants", "accounts"}
    return (app == "bookings" and role in DESK) or (app == "accounts" and role == OWNER)
