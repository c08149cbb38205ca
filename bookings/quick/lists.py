"""`GET /api/v1/slots/` of one doctor: from memory for as long as it is true.

A list that was made is kept with the revision of the days that it shows. Whoever asks is
given it only after a look at that revision which began when they had asked already: one
statement for all who ask a clinic at the same moment. So nobody sees an old list, in
whatever process a booking was made, and Redis has no part in it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import psycopg
from django.utils.http import parse_etags
from rest_framework.exceptions import APIException

from bookings.api import queries
from bookings.api.pagination import DEFAULT
from bookings.api.serializers import slot_as_json
from bookings.api.slots import CACHING
from bookings.models import Slot
from bookings.models.quickly import partly_known
from bookings.quick.asked import Answer, Asked, Headers
from bookings.quick.counting import Counter
from bookings.quick.memory import Memory
from tenants import pools
from tenants.pools import NoConnectionError
from tenants.turns import Turns, alone
from tenants.wire import Wire

if TYPE_CHECKING:
    from tenants.models import Clinic

_KNOWN = frozenset({"doctor", "from", "to"})
_LONGEST_QUERY = 200
_MOST_BYTES = 32 * 1024 * 1024
_DAY = timedelta(days=1)

# The days of a doctor whose clock is ahead or behind are among those of a day more.
_LOOK = """
    SELECT doctor.is_active, clock_timestamp(), (
        SELECT coalesce(sum(known.revision), 0)::bigint
        FROM {schema}bookings_doctorday AS known
        WHERE known.doctor_id = asked.doctor AND known.day BETWEEN first AND last)
    FROM unnest(%s::uuid[], %s::date[], %s::date[])
        WITH ORDINALITY AS asked (doctor, first, last, n)
    LEFT JOIN {schema}bookings_doctor AS doctor ON doctor.id = asked.doctor
    ORDER BY n
"""
_COLUMNS = (
    *("id", "doctor_id", "start", "end", "appointment_id", "blocked_by"),
    *("held_until", "version"),
)
_READ = f"""
    SELECT asked.n, {", ".join(f'slot."{name}"' for name in _COLUMNS)}
    FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[])
        WITH ORDINALITY AS asked (doctor, first, last, n)
    CROSS JOIN LATERAL (
        SELECT * FROM {{schema}}bookings_slot AS own
        WHERE own.doctor_id = asked.doctor
        AND own.start >= asked.first AND own.start < asked.last
        ORDER BY own.start LIMIT {DEFAULT + 1}) AS slot
    ORDER BY asked.n, slot.start, slot.id
"""  # noqa: S608 (names of our own columns)
_NOW = "SELECT clock_timestamp()"


@dataclass(frozen=True)
class Wanted:
    """The times of a doctor that start in `[start, end)`."""

    doctor: UUID
    start: datetime
    end: datetime

    @property
    def first(self) -> date:
        return (self.start - _DAY).date()

    @property
    def last(self) -> date:
        return (self.end + _DAY).date()


@dataclass(frozen=True)
class Made:
    """A list, and until when it is true if the revision stays."""

    revision: int
    until: datetime
    body: bytes
    etag: str

    @property
    def size(self) -> int:
        return len(self.body)


class Lists:
    """The route; lives in one event loop."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._turns = Turns[Wanted, Made | None](
            alone(self._take_turn), most=100, waiting=4000, at_once=2
        )
        self._memory = Memory[tuple[UUID, Wanted], Made](_MOST_BYTES)

    async def answer(self, asked: Asked) -> Answer | None:
        """Answer with a list; None where Django is to answer.

        Raises:
            FullError: too many are waiting.
        """
        wanted = _read(asked)
        if wanted is None or not await self._counter.read(asked):
            return None
        try:
            made = await self._turns.ask(asked.clinic, wanted)
        except (NoConnectionError, psycopg.Error):
            return None
        return _told(made, asked.header(b"if-none-match")) if made else None

    async def _take_turn(
        self, clinic: "Clinic", asked: Sequence[Wanted]
    ) -> list[Made | None]:
        wanted = list(dict.fromkeys(asked))
        found: dict[Wanted, Made | None] = {}
        asked_for = [
            [each.doctor for each in wanted],
            [each.first for each in wanted],
            [each.last for each in wanted],
        ]
        async with pools.borrowed(clinic) as wire:
            [revisions] = await wire.run((_LOOK, asked_for))
            missing: dict[Wanted, int] = {}
            for each, (is_active, now, revision) in zip(wanted, revisions, strict=True):
                made = self._memory.get((clinic.pk, each))
                if not is_active:
                    found[each] = None
                elif made and made.revision == revision and now < made.until:
                    found[each] = made
                else:
                    missing[each] = revision
            if missing:
                new = await _make(wire, missing)
                for each, list_made in new.items():
                    if list_made:
                        self._memory.keep((clinic.pk, each), list_made)
                    else:
                        self._memory.forget((clinic.pk, each))
                found |= new
        return [found.get(each) for each in asked]


async def _make(wire: Wire, missing: dict[Wanted, int]) -> dict[Wanted, Made | None]:
    """Make lists from the rows as they are now: never older than their revision."""
    asked = [
        [each.doctor for each in missing],
        [each.start for each in missing],
        [each.end for each in missing],
    ]
    rows: dict[int, list[Slot]] = {}
    found, [[now]] = await wire.run((_READ, asked), (_NOW, ()))
    for n, *values in found:
        rows.setdefault(n, []).append(partly_known(Slot, _COLUMNS, values))
    return {
        wanted: _list(rows.get(n, []), now, revision)
        for n, (wanted, revision) in enumerate(missing.items(), start=1)
    }


def _list(slots: list[Slot], now: datetime, revision: int) -> Made | None:
    """None if it has more than one page: Django links them."""
    if len(slots) > DEFAULT:
        return None
    shown = [slot_as_json(slot, now) for slot in slots]
    body = orjson.dumps({"results": shown, "next": None, "previous": None})
    lapses = (slot.held_until for slot in slots if slot.held_until)
    until = min((each for each in lapses if each > now), default=_FOREVER)
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()  # as Django's ETags
    return Made(revision, until, body, f'"{digest}"')


_FOREVER = datetime.max.replace(tzinfo=UTC)


def _read(asked: Asked) -> Wanted | None:
    """Return what is wanted, if it is put in the plainest way."""
    if b"authorization" in asked.headers or len(asked.query) > _LONGEST_QUERY:
        return None
    zone = asked.clinic.zone
    return _wanted(asked.query, zone, datetime.now(zone).date())


@lru_cache(maxsize=4096)
def _wanted(query: str, zone: ZoneInfo, today: date) -> Wanted | None:
    """Read a query; it says the same to all who ask it on one day."""
    try:
        told = parse_qsl(query, keep_blank_values=True, max_num_fields=10)
    except ValueError:  # there are more
        return None
    names = [name for name, _ in told]
    if len(set(names)) != len(names) or not {"doctor"} <= set(names) <= _KNOWN:
        return None
    request: Any = SimpleNamespace(query_params=dict(told))
    try:
        doctor = queries.id_in(request, "doctor")
        start, end = queries.coming_range(request, zone, today)
    except APIException:
        return None
    return Wanted(doctor, start, end) if doctor else None


def _told(made: Made, if_none_match: str) -> Answer:
    headers: Headers = [
        (b"ETag", made.etag.encode()),
        (b"Cache-Control", CACHING.encode()),
    ]
    if if_none_match and (
        if_none_match.strip() == "*" or made.etag in _plain(parse_etags(if_none_match))
    ):
        return Answer(304, b"", headers)
    about = [
        (b"Content-Type", b"application/json"),
        (b"Allow", b"GET, HEAD, OPTIONS"),
    ]
    return Answer(200, made.body, headers + about)


def _plain(etags: list[str]) -> set[str]:
    """Compared weakly, as for reading is right (RFC 9110, 13.1.2)."""
    return {each.removeprefix("W/") for each in etags}
