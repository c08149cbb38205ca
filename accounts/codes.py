"""Six digits by mail, which prove that an address belongs to who is typing.

What waits for the code stands in the visitor's session under the name of its purpose,
the code only as a hash. Who has a code mailed keeps it afterwards: `new`, mail, `keep`.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare, salted_hmac

LIFETIME = timedelta(minutes=10)
TRIES = 5
Pending = dict[str, Any]


class WrongCodeError(Exception):
    """Not the code that was sent; another try is left."""


class CodeEndedError(Exception):
    """There is no code to compare with: too old, too many tries, or already used."""


def new(purpose: str, told: dict[str, Any], *, now: datetime) -> tuple[str, Pending]:
    """Return a code to mail, and what to keep once it is mailed.

    Args:
        told: what comes back with the right code.
    """
    code = f"{secrets.randbelow(10**6):06}"
    pending_id = secrets.token_hex(8)
    pending = told | {
        "id": pending_id,
        "code": _hash(purpose, pending_id, code),
        "until": (now + LIFETIME).timestamp(),
        "tries": TRIES,
    }
    return code, pending


def keep(session: SessionBase, purpose: str, pending: Pending) -> None:
    session[purpose] = pending


def pending_in(session: SessionBase, purpose: str, *, now: datetime) -> Pending:
    """Return what waits for its code in this session.

    Raises:
        CodeEndedError: nothing does.
    """
    pending: Pending | None = session.get(purpose)
    if pending and pending["tries"] > 0 and pending["until"] > now.timestamp():
        return pending
    session.pop(purpose, None)
    raise CodeEndedError


def redeem(session: SessionBase, purpose: str, code: str, *, now: datetime) -> Pending:
    """Use the code up; return what waited for it.

    Raises:
        WrongCodeError, CodeEndedError: see there.
    """
    pending = pending_in(session, purpose, now=now)
    if not constant_time_compare(_hash(purpose, pending["id"], code), pending["code"]):
        session[purpose] = pending | {"tries": pending["tries"] - 1}
        pending_in(session, purpose, now=now)
        raise WrongCodeError
    del session[purpose]
    return pending


def _hash(purpose: str, pending_id: str, code: str) -> str:
    return salted_hmac(f"accounts.codes:{purpose}:{pending_id}", code).hexdigest()
