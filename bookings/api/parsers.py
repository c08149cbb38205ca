"""Reads JSON as it is meant, and refuses what could be read in two ways."""

import json
from typing import Any, NoReturn

from django.conf import settings
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.parsers import BaseParser

from bookings.api.problems import TooLargeError


class StrictJSONParser(BaseParser):
    """One JSON object in UTF-8, each name once, with texts that can be stored."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        """Return the object.

        Raises:
            ParseError, ValidationError: it is none, or holds what cannot be kept.
            TooLargeError: it is longer than any honest request.
        """
        del parser_context
        told = parse_header_parameters(media_type or "")[1]
        if told.get("charset", "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
            raise exceptions.ParseError(_("Send the body in UTF-8."))
        return read_object(_whole(stream))


def read_object(body: bytes) -> dict[str, Any]:
    """Read a body.

    Raises:
        ParseError, ValidationError: as `StrictJSONParser.parse`.
    """
    read = _read_json(body)
    if not isinstance(read, dict):
        raise exceptions.ParseError(_("Send a JSON object."))
    if refused := [name for name, value in read.items() if _bad(value)]:
        said = _("This holds characters that cannot be stored.")
        raise exceptions.ValidationError({name: [said] for name in refused})
    return read


def _whole(stream: Any) -> bytes:
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise TooLargeError
    return body


def _read_json(body: bytes) -> Any:
    try:
        text = body.decode()
        return json.loads(
            text, object_pairs_hook=_each_name_once, parse_constant=_no_number
        )
    except _RepeatedName as error:
        raise exceptions.ParseError(_("A name is there twice.")) from error
    except RecursionError as error:
        raise exceptions.ParseError(_("The JSON is nested too deeply.")) from error
    except ValueError as error:
        raise exceptions.ParseError(_("This is not JSON in UTF-8.")) from error


class _RepeatedName(Exception):  # noqa: N818 (never leaves this module)
    """Two readers could take two different values for one name."""


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise _RepeatedName
    if any(_bad(name) for name in read):
        raise ValueError
    return read


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)


def _bad(value: Any) -> bool:
    """Whether there is a NUL or half a surrogate pair in any text of a value."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str(text) if "\x00" in text or not _is_unicode(text):
                return True
            case list(items):
                waiting.extend(items)
            case dict(items):
                waiting.extend(items.values())
    return False


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
