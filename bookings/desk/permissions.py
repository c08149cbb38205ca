"""Who may press which button of the staff's admin."""

from typing import Any

from django.http import HttpRequest

from accounts import roles


class DeskButtons:
    """Lets actions of Unfold and Django ask for `permissions=["desk"]`."""

    def has_desk_permission(self, request: Any, obj: Any = None) -> bool:
        """May book, cancel, publish and block: reception and owners."""
        del obj
        return roles.runs_desk(request.user)


def may(request: HttpRequest, verb: str, model: str) -> bool:
    """Whether the user's role has `verb` on a model of bookings."""
    user: Any = request.user
    return roles.may(user, f"bookings.{verb}_{model}")
