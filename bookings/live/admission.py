"""Who may stay: a socket ends with the session, the role or the clinic it came with."""

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone


class Visitor(Protocol):
    """What a socket came with."""

    user: Any  # as loaded at the handshake: a User, or nobody
    session_key: str


Some = TypeVar("Some", bound=Visitor)


def ended(visitors: Iterable[Some]) -> set[Some]:
    """Return those who may not stay at an open clinic; two queries at most.

    Call it inside the clinic.
    """
    members = {each for each in visitors if each.user is not None}
    if not members:
        return set()
    sessions = set(
        Session.objects.filter(
            session_key__in=[each.session_key for each in members],
            expire_date__gt=timezone.now(),
        ).values_list("session_key", flat=True)
    )
    users = get_user_model().objects.in_bulk([each.user.pk for each in members])
    return {
        each
        for each in members
        if each.session_key not in sessions
        or not _is_same(each.user, users.get(each.user.pk))
    }


def _is_same(before: Any, today: Any) -> bool:
    """Whether the account still is what it was: active, same role, same password."""
    return (
        today is not None
        and today.is_active
        and not today.has_ended
        and today.role == before.role
        and today.get_session_auth_hash() == before.get_session_auth_hash()
    )
