"""JWTs of one clinic: signed for its UUID, checked against it at each use."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    claims = _read(token, clinic_id)
    if claims["kind"] != kind or (since and claims["iat"] < since.timestamp()):
        raise InvalidTokenError
    try:
        user = User.objects.filter(pk=UUID(claims["sub"]), is_active=True).first()
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidTokenError from error
    if user is None or user.has_ended or user.role == roles.SUPPORT:
        raise InvalidTokenError  # support looks in by browser only
    if not constant_time_compare(claims["pwd"], _stamp(user)):
        raise InvalidTokenError
    return user


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
        return jwt.decode(
            token,
            settings.JWT_SECRET,
            algorithms=[_ALGORITHM],
            audience=str(clinic_id),
            leeway=_LEEWAY,
            options={"require": ["aud", "sub", "kind", "pwd", "iat", "exp"]},
        )
    except jwt.PyJWTError as error:
        raise InvalidTokenError from error


def _stamp(user: User) -> str:
    """Change with the password, so that a new one ends the tokens of the old."""
    return salted_hmac("accounts.tokens", user.password).hexdigest()[:16]
