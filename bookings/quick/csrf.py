"""The token of forms, masked as Django does it.

Django asks the system for randomness once for each of 32 letters, which is a quarter of
what a page from memory costs; here it is asked once.
"""

import secrets

from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH

_LETTERS = CSRF_ALLOWED_CHARS.encode()
_NUMBERS = {letter: number for number, letter in enumerate(_LETTERS)}
_EVEN = 256 - 256 % len(_LETTERS)  # bytes from here on would make some letters likelier
_OF_BYTES = bytes(_LETTERS[each % len(_LETTERS)] for each in range(256))
_TOO_HIGH = bytes(range(_EVEN, 256))


def masked(secret: str) -> bytes:
    """Return a token for one answer (`CsrfViewMiddleware` unmasks it): always another.

    Args:
        secret: the visitor's, as the cookie has it; of Django's letters.
    """
    mask = _mask()
    pairs = zip(secret.encode(), mask, strict=True)
    count = len(_LETTERS)
    return mask + bytes(
        _LETTERS[(_NUMBERS[own] + _NUMBERS[other]) % count] for own, other in pairs
    )


def _mask() -> bytes:
    """As many letters as a secret has, each as likely as any other."""
    found = b""
    while len(found) < CSRF_SECRET_LENGTH:
        new = secrets.token_bytes(2 * CSRF_SECRET_LENGTH)
        found += new.translate(_OF_BYTES, delete=_TOO_HIGH)
    return found[:CSRF_SECRET_LENGTH]
