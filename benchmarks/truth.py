"""What a page must show: how a day of a doctor stood before somebody asked for it.

It may be newer than what was read from the store, never older; of the same version, never
another status. All here judges by itself, and uses nothing of the product's code.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier

JSON, PAGE, FRAGMENT = "JSON", "page", "fragment"

# As `Slot.status_at` and `version_at` judge; a test compares them. The clock is read
# after the statement has begun, so the rows are as they were then, or a hold older.
_STORED = """
    WITH here AS MATERIALIZED (SELECT clock_timestamp() AS now)
    SELECT id::text, version + coalesce(held_until <= now, false)::int,
        CASE WHEN appointment_id IS NOT NULL THEN 'booked'
            WHEN blocked_by <> '' THEN 'blocked'
            WHEN held_until > now THEN 'held'
            ELSE 'free' END
    FROM {slots}, here WHERE doctor_id = %s AND day = %s
"""
_TAG = re.compile(r'<[a-z]+ [^>]*\bid="slot-[^>]+>')
_MARKS = re.compile(r'(?<![\w-])(id|data-status|data-version)="(?:slot-)?([^"]*)"')


class Seen(NamedTuple):
    """One time as it was shown, or stood in the store."""

    version: int
    status: str


Slots = Mapping[str, Seen]  # by the id of the slot
Day = tuple[str, str]  # the id of a doctor, and a date (ISO 8601)
Store = psycopg.Connection[Any]


def wrongs(known: Slots, shown: Slots) -> Iterator[str]:
    """Yield what must not be, in sentences.

    Args:
        known: how times of a day were before somebody asked for it.
        shown: what they were shown then. It may be newer, and may leave out what is
            blocked.
    """
    for slot, was in known.items():
        now = shown.get(slot)
        if now is None:
            if was.status != "blocked":
                yield f"{slot}, which was {_said(was)}, is not shown"
        elif now.version < was.version:
            yield f"{slot} is shown {_said(now)}, and was {_said(was)} before"
        elif now.version == was.version and now.status != was.status:
            yield f"{slot} is shown {_said(now)}, and is {_said(was)}"


def news(known: Slots, learned: Slots) -> dict[str, Seen]:
    """Return what of `learned` is newer than what was known, or was not known."""
    return {
        slot: seen
        for slot, seen in learned.items()
        if slot not in known or seen.version > known[slot].version
    }


def _said(seen: Seen) -> str:
    return f"{seen.status} (version {seen.version})"


def stored(store: Store, schema: str, asked: Day) -> dict[str, Seen]:
    """Read a doctor's day as it is now."""
    statement = SQL(_STORED).format(slots=Identifier(schema, "bookings_slot"))
    rows = store.execute(statement, asked).fetchall()
    return {slot: Seen(version, status) for slot, version, status in rows}


def in_json(body: bytes) -> dict[str, Seen]:
    """Read the API's list of times."""
    return listed(json.loads(body)["results"])


def in_html(body: bytes) -> dict[str, Seen]:
    """Read the times that stand on a page, or in a part of it."""
    marks = [dict(_MARKS.findall(tag)) for tag in _TAG.findall(body.decode())]
    return {
        each["id"]: Seen(int(each["data-version"]), each["data-status"])
        for each in marks
    }


def listed(slots: list[dict[str, Any]]) -> dict[str, Seen]:
    """Read times in the form that the API and live frames have in common."""
    return {each["id"]: Seen(each["version"], each["status"]) for each in slots}


READ: dict[str, Callable[[bytes], dict[str, Seen]]] = {
    JSON: in_json,
    PAGE: in_html,
    FRAGMENT: in_html,
}
