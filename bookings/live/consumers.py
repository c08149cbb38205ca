"""`/ws/slots/`: a page or a partner watches times (CONTRACT 4).

Plain ASGI, not Channels' consumer classes: those open a channel, and so a subscription
in Redis, for every socket, and hop to the database's thread with every message. The hub
has one subscription for all.
"""

import re
import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from uuid import UUID
from zoneinfo import ZoneInfo

from channels.db import database_sync_to_async
from django.conf import settings

from bookings.live.hub import hub
from bookings.live.socket import BAD_QUERY, NOT_FOUND, Socket
from bookings.live.viewers import Variant, Window, group
from bookings.models import Doctor
from bookings.timetable import day_bounds
from tenants.context import clinic_context

if TYPE_CHECKING:
    from tenants.models import Clinic

MOST_DAYS = 62
_DEFAULT_DAYS = 7
_PAST = timedelta(days=31)  # a page may stay open over midnight
_FUTURE = timedelta(days=2 * 366)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_REMEMBER = 3.0  # seconds
_MOST_ZONES = 10_000
_zones: dict[tuple[UUID, UUID], tuple[float, ZoneInfo]] = {}


class RefusedError(Exception):
    """The socket cannot be served; `code` is what it is closed with."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def slots(scope: Any, receive: Any, send: Any) -> None:
    """Serve one socket until either side closes it."""
    await receive()  # websocket.connect
    # Accepted first: a browser is not told the code of a refused handshake.
    await send({"type": "websocket.accept"})
    clinic = scope["clinic"]
    try:
        window, variant = await _parse(clinic, scope["query_string"])
    except RefusedError as refused:
        await send({"type": "websocket.close", "code": refused.code})
        return
    user = scope["user"] if scope["user"].is_authenticated else None
    key = scope["session_key"] or ""
    socket = Socket(
        send,
        group(window, variant),
        user=user,
        session_key=key,
        write=scope.get("extensions", {}).get("write_frames"),
    )
    try:
        await hub().join(clinic, socket)
        await _until_gone(receive)
    finally:
        socket.drop()
        await hub().leave(clinic, socket)


async def nothing_here(scope: Any, receive: Any, send: Any) -> None:
    """Refuse any other address."""
    del scope, receive
    await send({"type": "websocket.close", "code": NOT_FOUND})


async def _until_gone(receive: Any) -> None:
    """Wait for the end. Viewers have nothing to say: what they send is let fall."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _parse(clinic: "Clinic", query: bytes) -> tuple[Window, Variant]:
    """Read the query.

    Raises:
        RefusedError: not understood, too long a time, or no such doctor here.
    """
    try:
        asked = parse_qs(query.decode("ascii"), errors="strict", max_num_fields=20)
        doctor_id = UUID(asked["doctor"][0]) if "doctor" in asked else None
        first, last = _days(asked, datetime.now(clinic.zone).date())
    except ValueError as error:  # UnicodeError is one
        raise RefusedError(BAD_QUERY) from error
    is_json = asked.get("format") == ["json"]
    language = "" if is_json else _language(asked.get("lang", [""])[0])
    variant = Variant(is_json, language)
    doctor_zone = await _zone_of_doctor(clinic, doctor_id) if doctor_id else None
    # Partners speak of the clinic's days (CONTRACT 4), a doctor's page of the doctor's.
    page_zone = doctor_zone or clinic.zone
    zone = clinic.zone if variant.is_json else page_zone
    return _window(doctor_id, first, last, zone, doctor_zone), variant


def _days(asked: dict[str, list[str]], today: date) -> tuple[date, date]:
    first = _date(asked["from"][0]) if "from" in asked else today
    if not today - _PAST <= first <= today + _FUTURE:
        raise ValueError
    default_last = first + timedelta(days=_DEFAULT_DAYS - 1)
    last = _date(asked["to"][0]) if "to" in asked else default_last
    if not 0 <= (last - first).days < MOST_DAYS:
        raise ValueError
    return first, last


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError
    return date.fromisoformat(text)


def _language(wanted: str) -> str:
    """A page names the language it is in; an unknown one does no harm."""
    known = dict(settings.LANGUAGES)
    return wanted if wanted in known else settings.LANGUAGE_CODE


async def _zone_of_doctor(clinic: "Clinic", doctor_id: UUID) -> ZoneInfo:
    """Ask once for all pages that come (back) at the same time."""
    key = (clinic.pk, doctor_id)
    known = _zones.get(key)
    if known and known[0] > time.monotonic():
        return known[1]
    zone = await _look_up_zone(clinic, doctor_id)
    if len(_zones) >= _MOST_ZONES:
        _zones.clear()
    _zones[key] = (time.monotonic() + _REMEMBER, zone)
    return zone


@database_sync_to_async
def _look_up_zone(clinic: "Clinic", doctor_id: UUID) -> ZoneInfo:
    with clinic_context(clinic):
        doctor = Doctor.objects.filter(pk=doctor_id).first()
    if doctor is None:
        raise RefusedError(NOT_FOUND)
    return doctor.zone


@lru_cache(maxsize=4096)  # viewers of the same share one, and compare it fast
def _window(
    doctor: UUID | None,
    first: date,
    last: date,
    zone: ZoneInfo,
    doctor_zone: ZoneInfo | None,
) -> Window:
    start, end = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
    if doctor_zone:
        first = start.astimezone(doctor_zone).date()
        last = (end - timedelta(microseconds=1)).astimezone(doctor_zone).date()
    else:  # some doctor's clock may be a day ahead or behind
        first, last = first - timedelta(days=1), last + timedelta(days=1)
    return Window(doctor, start.astimezone(UTC), end.astimezone(UTC), first, last)
