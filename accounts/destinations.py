"""Where to go after log-in. Only paths of this very host are ever followed."""

from django.contrib.auth.models import AnonymousUser
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import roles
from accounts.models import User

STAFF_HOME = "/admin/"
PATIENT_HOME = "/appointments/"
_LONGEST = 2000


def own_path(raw: str | None) -> str:
    """Return `raw` if it is a path on this host, else an empty string.

    A backslash or a control character makes browsers read a path as another host's.
    """
    if not raw or len(raw) > _LONGEST or not raw.startswith("/"):
        return ""
    if raw.startswith("//") or "\\" in raw or not raw.isprintable() or " " in raw:
        return ""
    return raw if url_has_allowed_host_and_scheme(raw, allowed_hosts=None) else ""


def after_login(user: User | AnonymousUser, wanted: str | None) -> str:
    """Return the wanted path if it is our own, else the home of the user's role."""
    return own_path(wanted) or (STAFF_HOME if roles.is_staff(user) else PATIENT_HOME)
