"""Log-in by e-mail and password, at this clinic only (its schema holds its users)."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User


class EmailBackend(BaseBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_kwargs: Any,
    ) -> User | None:
        """Return the user, or None; unknown addresses take as long as known ones."""
        if not username or not password or "\x00" in username:
            return None
        try:
            user = User.objects.get_by_natural_key(username)
        except User.DoesNotExist:
            make_password(password)  # the same work as a real check
            return None
        may_enter = user.check_password(password) and user.is_active
        return user if may_enter and not user.has_ended else None

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.filter(pk=user_id, is_active=True).first()
        return user if user and not user.has_ended else None
