"""`Authorization: Bearer <JWT>` for the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts.models import User
from accounts.tokens import InvalidTokenError, owner_of


class JWTAuthentication(BaseAuthentication):
    """Reads the token against the clinic of the request's host, and no other."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        words = get_authorization_header(request).split()
        if not words:
            return None
        if len(words) != 2 or words[0].lower() != b"bearer":
            raise exceptions.AuthenticationFailed(_("Use Authorization: Bearer TOKEN."))
        clinic: Any = request._request.clinic  # type: ignore[attr-defined]
        try:
            token = words[1].decode("latin1")
            since = clinic.tokens_since
            return owner_of(token, clinic.pk, "access", since=since), None
        except InvalidTokenError as error:
            raise exceptions.AuthenticationFailed(
                _("This token is not valid here, or it has expired.")
            ) from error

    def authenticate_header(self, request: Request) -> str:
        del request
        return "Bearer"
