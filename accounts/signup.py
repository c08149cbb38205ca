"""Opening an account: it exists once its address is proven by a mailed code.

Until then everything waits in the visitor's session, the code and the password only as
hashes. A known address takes the very same path, but its mail has no code.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.base import SessionBase
from django.db import IntegrityError, transaction

from accounts import codes, mail
from accounts.http import Clinic
from accounts.models import User

# Kept after sign-up, for the patient's own record to be made with.
DATE_OF_BIRTH = "own_date_of_birth"
_PENDING = "signup"


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
    told = {
        "name": wish.name,
        "email": wish.email,
        "password": make_password(wish.password),
        "date_of_birth": wish.date_of_birth,
    }
    code, pending = codes.new(_PENDING, told, now=now)
    if User.objects.filter(email=wish.email).exists():
        mail.send_account_exists(clinic, wish.email)
    else:
        mail.send_code(clinic, wish.email, code)
    codes.keep(session, _PENDING, pending)


def pending_in(session: SessionBase, *, now: datetime) -> codes.Pending:
    """Return the sign-up that waits for its code in this session.

    Raises:
        CodeEndedError: there is none.
    """
    return codes.pending_in(session, _PENDING, now=now)


def confirm(session: SessionBase, code: str, *, now: datetime) -> User:
    """Create the account that waits in this session.

    Raises:
        WrongCodeError, CodeEndedError: see there.
    """
    pending = codes.redeem(session, _PENDING, code, now=now)
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
        raise codes.CodeEndedError from error
    return user
