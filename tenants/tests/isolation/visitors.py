"""Who walks: nobody, somebody with holds but no account, and each role; signed in."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic
from tenants.tests.isolation.names import HASHED, ROLES, SAME, Names, user_of


@dataclass(frozen=True)
class Visitor:
    """A browser (its cookies) and a program (its token) of the same person."""

    role: str
    cookies: dict[str, str] = field(default_factory=dict)
    bearer: str = ""


STRANGER = Visitor("stranger")


def visitors_of(clinic: Clinic, names: Names = SAME) -> dict[str, Visitor]:
    """Sign everybody in at a clinic, and nowhere else."""
    with clinic_context(clinic):
        guest = Visitor("guest", _cookie(clinic, "guest", names))
        return {"stranger": STRANGER, "guest": guest} | {
            role: Visitor(
                role,
                _cookie(clinic, role, names),
                tokens.issue(user_of(role, names), clinic.pk).access,
            )
            for role in ROLES
        }


def operator() -> Visitor:
    """An operator of the platform with the key of both owners, signed in there."""
    with platform_context():
        made = User(
            pk=SAME.id("owner"),
            email=SAME.email("owner"),
            password=HASHED,
            name="CANARY-PLATFORM",
            role="operator",
        )
        made.save(force_insert=True)
        key = "operator".ljust(32, "0")
        _write_session(key, _signed_in(made))
    return Visitor("operator", {settings.SESSION_COOKIE_NAME: key})


def _cookie(clinic: Clinic, who: str, names: Names) -> dict[str, str]:
    """Make a session with a hold and a visit; signed in, unless it is a guest's."""
    kept: dict[str, object] = {
        "holder": "the same at both",
        "holds": {str(names.id("hold")): names.token("hold")},
        "made": [str(names.id("visit"))],
    }
    key = f"{clinic.slug}{names.session_key(who)}"[:40]
    _write_session(
        key, kept | (_signed_in(user_of(who, names)) if who in ROLES else {})
    )
    return {settings.SESSION_COOKIE_NAME: key}


def _signed_in(user: User) -> dict[str, object]:
    return {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }


def _write_session(key: str, kept: dict[str, object]) -> None:
    Session(
        session_key=key,
        session_data=SessionStore().encode(kept),
        expire_date=timezone.now() + timedelta(days=1),
    ).save(force_insert=True)
