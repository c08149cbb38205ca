"""How ids and versions are written and read in the API."""

import re
from uuid import UUID

_TAG = re.compile(r"(?:W/)?\"([0-9]{1,9})\"", re.ASCII)


def etag(version: int) -> str:
    return f'"{version}"'


def versions(if_match: str) -> set[int] | None:
    """Read `If-Match`; None means any version.

    Raises:
        ValueError: it is not a list of our entity tags.
    """
    if if_match.strip() in {"", "*"}:
        return None
    found = [_TAG.fullmatch(each.strip()) for each in if_match.split(",")]
    if not all(found):
        raise ValueError(if_match)
    return {int(each[1]) for each in found if each}


def as_uuid(told: object) -> UUID:
    """Read an id.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(told, str) or len(told) > 40:
        raise ValueError(told)
    return UUID(told)
