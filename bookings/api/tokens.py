"""Tokens: e-mail and password for a pair of JWTs, and a new pair for the old one."""

from django.contrib import auth
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import throttle
from accounts.models import User
from accounts.tokens import InvalidTokenError, issue, owner_of
from bookings.api.endpoint import Endpoint, clinic_request

_QUARTER = 15 * 60  # seconds
_PER_ACCOUNT, _PER_ADDRESS = 10, 50  # wrong passwords in that time


class Credentials(serializers.Serializer[None]):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=4096, trim_whitespace=False)


class Refresh(serializers.Serializer[None]):
    refresh = serializers.CharField(max_length=4096)


class Tokens(serializers.Serializer[None]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class Token(Endpoint):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=Credentials, responses=Tokens)
    def post(self, request: Request) -> Response:
        """Trade an e-mail and a password for tokens of this clinic."""
        sent = Credentials(data=request.data)
        sent.is_valid(raise_exception=True)
        email = sent.validated_data["email"].strip().lower()
        guesses = _Guesses(request, email)
        guesses.refuse_if_too_many()
        user = auth.authenticate(
            request._request, username=email, password=sent.validated_data["password"]
        )
        if not isinstance(user, User):
            guesses.count_wrong()
            raise exceptions.AuthenticationFailed(
                _("This email and password do not fit.")
            )
        guesses.refuse_if_too_many()  # others may have guessed at the same time
        return _pair(request, user)


class RefreshToken(Endpoint):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=Refresh, responses=Tokens)
    def post(self, request: Request) -> Response:
        """Trade a refresh token for a new pair."""
        sent = Refresh(data=request.data)
        sent.is_valid(raise_exception=True)
        clinic = clinic_request(request).clinic
        try:
            token, since = sent.validated_data["refresh"], clinic.tokens_since
            user = owner_of(token, clinic.pk, "refresh", since=since)
        except InvalidTokenError as error:
            detail = _("This token is not valid here, or it has expired.")
            raise exceptions.AuthenticationFailed(detail) from error
        return _pair(request, user)


class _Guesses:
    """Wrong passwords at one account and from one address.

    Asked before and after the password is checked, and counted only when it was wrong:
    two hundred people who log in at once from one office are no attack.
    """

    def __init__(self, request: Request, email: str) -> None:
        address = throttle.client_address(request._request)
        self.counted = (
            ("login", email, _PER_ACCOUNT),
            ("login-address", address, _PER_ADDRESS),
        )

    def refuse_if_too_many(self) -> None:
        self._refuse(
            [throttle.wait(scope, ident, limit=n) for scope, ident, n in self.counted]
        )

    def count_wrong(self) -> None:
        self._refuse(
            [
                throttle.hit(scope, ident, limit=n, seconds=_QUARTER)
                for scope, ident, n in self.counted
            ]
        )

    def _refuse(self, waits: list[int | None]) -> None:
        if wait := max(filter(None, waits), default=None):
            raise exceptions.Throttled(wait)


def _pair(request: Request, user: User) -> Response:
    pair = issue(user, clinic_request(request).clinic.pk)
    return Response({"access": pair.access, "refresh": pair.refresh})
