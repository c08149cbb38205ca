"""Which names a clinic may bring, in the one form in which Host headers carry them."""

import re

import idna
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_LONGEST = 253
# As in host names: letters, digits and inner hyphens.
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# What ends in a number is an IP address to browsers, in one of its many spellings.
_LAST_LABEL = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])")


def clean(typed: str) -> str:
    """Return the name in small letters, punycode, without the trailing dot.

    Raises:
        ValidationError: it is no name of a host, or it is ours.
    """
    name = _in_ascii(typed.strip())
    *labels, last = name.split(".")
    if len(name) > _LONGEST or not all(_LABEL.fullmatch(each) for each in labels):
        raise _bad_shape()
    if not labels:
        raise ValidationError(
            _("Enter the whole name, such as book.my-clinic.example.")
        )
    if not _LAST_LABEL.fullmatch(last):
        raise _bad_shape()
    if f".{name}".endswith(f".{settings.BASE_DOMAIN}"):
        raise ValidationError(
            _("Names under %(base)s are ours. Enter a domain of your own.")
            % {"base": settings.BASE_DOMAIN}
        )
    return name


def readable(name: str) -> str:
    """Write punycode as people of its language do."""
    try:
        return idna.decode(name)
    except UnicodeError:
        return name


def _in_ascii(typed: str) -> str:
    if len(typed) > _LONGEST + 1:
        raise _bad_shape()
    try:
        return idna.encode(typed, uts46=True).decode().lower().removesuffix(".")
    except UnicodeError as error:
        raise _bad_shape() from error


def _bad_shape() -> ValidationError:
    return ValidationError(
        _(
            "Enter a domain such as book.my-clinic.example: no https://, no port, "
            "no path and no star."
        )
    )
