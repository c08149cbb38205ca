"""JWTs of one clinic: signed for its UUID, checked against it at each use."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import jwt
from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import roles
from accounts.models import User

Kind = Literal["access", "refresh"]
LIFETIME: dict[Kind, timedelta] = {
    "access": timedelta(minutes=15),
    "refresh": timedelta(days=14),
}
_ALGORITHM = "HS256"
_LEEWAY = timedelta(seconds=60)  # clocks of several machines differ


@dataclass(frozen=True)
class TokenPair:
    access: str
    refresh: str


@dataclass(frozen=True)
class Bearer:
    """Whom a token names, and how the password was marked when it was issued."""

    user_id: UUID
    stamp: str

    def is_still(self, user: User) -> bool:
        """Whether the account may still be used by it: active, with that password."""
        is_open = user.is_active and not user.has_ended
        if (
            not is_open or user.role == roles.SUPPORT
        ):  # support looks in by browser only
            return False
        return constant_time_compare(self.stamp, _stamp(user))


class InvalidTokenError(Exception):
    """Not a token of this clinic, or no longer one."""


def issue(user: User, clinic_id: UUID) -> TokenPair:
    """Make the two tokens that stand for `user` at the clinic `clinic_id`."""
    return TokenPair(
        access=_sign(user, clinic_id, "access"),
        refresh=_sign(user, clinic_id, "refresh"),
    )


def owner_of(
    token: str, clinic_id: UUID, kind: Kind, *, since: datetime | None = None
) -> User:
    """Return the user a token stands for.

    Args:
        since: the clinic's tokens from before this instant are void.

    Raises:
        InvalidTokenError: forged, expired, of another kind or clinic, void, or its user
            is gone, barred, support, or has changed the password since.
    """
    bearer = bearer_of(token, clinic_id, kind, since=since)
    user = User.objects.filter(pk=bearer.user_id).first()
    if user is None or not bearer.is_still(user):
        raise InvalidTokenError
    return user


def bearer_of(
    token: str, clinic_id: UUID, kind: Kind, *, since: datetime | None = None
) -> Bearer:
    """Return whom a token names. Whether the account is as it was, ask `is_still`.

    Raises:
        InvalidTokenError: forged, expired, of another kind or clinic, or void.
    """
    claims = _read(token, clinic_id)
    if claims["kind"] != kind or (since and claims["iat"] < since.timestamp()):
        raise InvalidTokenError
    try:
        return Bearer(UUID(claims["sub"]), str(claims["pwd"]))
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidTokenError from error


def _sign(user: User, clinic_id: UUID, kind: Kind) -> str:
    now = datetime.now(UTC)
    claims = {
        "aud": str(clinic_id),
        "sub": str(user.pk),
        "kind": kind,
        "pwd": _stamp(user),
        "iat": now.timestamp(),  # to the microsecond: a suspension parts before and after
        "exp": now + LIFETIME[kind],
    }
    return jwt.encode(claims, settings.JWT_SECRET, algorithm=_ALGORITHM)


def _read(token: str, clinic_id: UUID) -> dict[str, Any]:
    try:
        claims = _decoded(token, str(clinic_id), settings.JWT_SECRET)
    except jwt.PyJWTError as error:
        raise InvalidTokenError from error
    if datetime.now(UTC).timestamp() >= claims["exp"] + _LEEWAY.total_seconds():
        raise InvalidTokenError
    return claims


@lru_cache(maxsize=8192)  # programs send theirs again and again
def _decoded(token: str, audience: str, secret: str) -> dict[str, Any]:
    """Check everything that time does not change."""
    claims: dict[str, Any] = jwt.decode(
        token,
        secret,
        algorithms=[_ALGORITHM],
        audience=audience,
        leeway=_LEEWAY,
        options={
            "require": ["aud", "sub", "kind", "pwd", "iat", "exp"],
            "verify_exp": False,  # at each use, by `_read`
        },
    )
    if not isinstance(claims["exp"], int | float):
        message = "The end is no time."
        raise jwt.DecodeError(message)
    return claims


def _stamp(user: User) -> str:
    """Change with the password, so that a new one ends the tokens of the old."""
    return _stamp_of(user.password, settings.SECRET_KEY)


@lru_cache(maxsize=8192)
def _stamp_of(password: str, secret: str) -> str:
    return salted_hmac("accounts.tokens", password, secret).hexdigest()[:16]
