"""Opening an account: it exists once its address is proven by a mailed code.

Until then everything waits in the visitor's session, the code and the password only as
hashes. A known address takes the very same path, but its mail has no code.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.base import SessionBase
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import mail
from accounts.http import Clinic
from accounts.models import User

LIFETIME = timedelta(minutes=10)
TRIES = 5
# Kept after sign-up, for the patient's own record to be made with.
DATE_OF_BIRTH = "own_date_of_birth"
_PENDING = "signup"


class WrongCodeError(Exception):
    """Not the code that was sent; another try is left."""


class CodeEndedError(Exception):
    """There is no code to compare with: too old, too many tries, or already used."""


@dataclass(frozen=True)
class Wish:
    """What somebody who wants an account has told; dates are ISO 8601 or empty."""

    name: str
    email: str
    password: str
    date_of_birth: str


def begin(session: SessionBase, clinic: Clinic, wish: Wish, *, now: datetime) -> None:
    """Keep the wish and mail a code, or, for a known address, mail that it is known.

    Raises:
        one of mail.FAILURES: the mail could not be sent; nothing is kept.
    """
    code = f"{secrets.randbelow(10**6):06}"
    pending_id = secrets.token_hex(8)
    pending = {
        "id": pending_id,
        "code": _hash(pending_id, code),
        "name": wish.name,
        "email": wish.email,
        "password": make_password(wish.password),
        "date_of_birth": wish.date_of_birth,
        "until": (now + LIFETIME).timestamp(),
        "tries": TRIES,
    }
    if User.objects.filter(email=wish.email).exists():
        mail.send_account_exists(clinic, wish.email)
    else:
        mail.send_code(clinic, wish.email, code)
    session[_PENDING] = pending


def pending_in(session: SessionBase, *, now: datetime) -> dict[str, Any]:
    """Return the sign-up that waits for its code in this session.

    Raises:
        CodeEndedError: there is none.
    """
    pending: dict[str, Any] | None = session.get(_PENDING)
    if pending and pending["tries"] > 0 and pending["until"] > now.timestamp():
        return pending
    session.pop(_PENDING, None)
    raise CodeEndedError


def confirm(session: SessionBase, code: str, *, now: datetime) -> User:
    """Create the account that waits in this session.

    Raises:
        WrongCodeError, CodeEndedError: see there.
    """
    pending = pending_in(session, now=now)
    if not constant_time_compare(_hash(pending["id"], code), pending["code"]):
        session[_PENDING] = pending | {"tries": pending["tries"] - 1}
        pending_in(session, now=now)
        raise WrongCodeError
    del session[_PENDING]
    session[DATE_OF_BIRTH] = pending["date_of_birth"]
    return _create(pending)


def _create(pending: dict[str, Any]) -> User:
    user = User(
        email=pending["email"],
        name=pending["name"],
        password=pending["password"],
        role=User.Role.PATIENT,
    )
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # opened in another browser meanwhile
        raise CodeEndedError from error
    return user


def _hash(pending_id: str, code: str) -> str:
    return salted_hmac(f"accounts.signup:{pending_id}", code).hexdigest()
