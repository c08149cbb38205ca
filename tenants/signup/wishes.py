"""What somebody who opens a clinic has told so far: kept in the public site's session.

The password is kept as a hash only. The wish outlasts its code, so that nothing has to
be typed again when one ends; it is acted upon once its e-mail is proven.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.base import SessionBase

from accounts import codes
from tenants.signup import mail

_WISH, _CODE = "clinic_signup", "clinic_signup_code"


@dataclass(frozen=True)
class Wish:
    """A clinic to be; `password` is hashed, `ready_at` a POSIX time."""

    name: str
    slug: str
    timezone: str
    owner: str
    email: str
    password: str
    is_proven: bool = False
    clinic_id: str = ""
    ready_at: float = 0
    is_told: bool = False


def hashed(password: str) -> str:
    return make_password(password)


def mail_code(session: SessionBase, wish: Wish, *, now: datetime) -> None:
    """Mail a code for the wish, which is kept; the code before is void.

    Raises:
        one of accounts.mail.FAILURES: it could not be sent.
    """
    code, pending = codes.new(_CODE, {"email": wish.email}, now=now)
    mail.send_code(wish.email, code)
    codes.keep(session, _CODE, pending)


def keep(session: SessionBase, wish: Wish) -> None:
    session[_WISH] = asdict(wish)


def wish_in(session: SessionBase) -> Wish | None:
    told = session.get(_WISH)
    return Wish(**told) if told else None


def pending_id(session: SessionBase, *, now: datetime) -> str:
    """Name the code that this session waits for.

    Raises:
        codes.CodeEndedError: there is none.
    """
    return str(codes.pending_in(session, _CODE, now=now)["id"])


def confirm(session: SessionBase, wish: Wish, code: str, *, now: datetime) -> Wish:
    """Take the code; return the wish as one that may be acted upon.

    Raises:
        codes.WrongCodeError, codes.CodeEndedError: see there.
    """
    pending = codes.redeem(session, _CODE, code, now=now)
    if pending["email"] != wish.email:  # two tabs: the other one told another address
        raise codes.CodeEndedError
    proven = replace(wish, is_proven=True)
    keep(session, proven)
    return proven
