"""A look at what pages stand on: one round trip for all who ask a clinic for pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bookings.pages.day import Days
from tenants import pools
from tenants.wire import Step

if TYPE_CHECKING:
    from tenants.models import Clinic

# xmin is the version of a row: a sum of them changes when any of the rows does.
_LOOK = """
    SELECT clock_timestamp(),
        (SELECT sum(xmin::text::bigint) FROM {schema}bookings_doctor),
        (SELECT sum(xmin::text::bigint) FROM {schema}bookings_service),
        (SELECT sum(xmin::text::bigint) FROM {schema}bookings_location),
        (SELECT sum(xmin::text::bigint) FROM {schema}bookings_practice),
        (SELECT sum(xmin::text::bigint + id) FROM {schema}bookings_doctor_services),
        (SELECT xmin::text FROM public.tenants_clinic WHERE id = %s)
"""
_LOOK_AT_DAYS = """
    SELECT (SELECT coalesce(sum(known.revision), 0)::bigint
        FROM {schema}bookings_doctor AS doctor
        JOIN {schema}bookings_doctorday AS known ON known.doctor_id = doctor.id
        WHERE doctor.slug = asked.slug AND known.day BETWEEN asked.first AND asked.last)
    FROM unnest(%s::text[], %s::date[], %s::date[])
        WITH ORDINALITY AS asked (slug, first, last, n) ORDER BY n
"""
_LOOK_AT_ALL_DAYS = """
    SELECT (SELECT coalesce(sum(own.revision), 0)::bigint
        FROM {schema}bookings_doctor AS doctor CROSS JOIN LATERAL (
            SELECT sum(known.revision) AS revision FROM {schema}bookings_doctorday AS known
            WHERE known.doctor_id = doctor.id
            AND known.day BETWEEN asked.first AND asked.last) AS own)
    FROM unnest(%s::date[], %s::date[])
        WITH ORDINALITY AS asked (first, last, n) ORDER BY n
"""


@dataclass(frozen=True)
class Wanted:
    """What must be known before a page may be shown; of one that is not made yet, little."""

    slug: str = ""
    days: Days | None = None
    others_days: Days | None = None


@dataclass(frozen=True)
class Look:
    """How a clinic stands: a page that was made when it stood the same is true."""

    now: datetime
    clinic: tuple[Any, ...]
    revision: int | None  # of the wanted days
    others_revision: int | None


async def look_at(clinic: "Clinic", asked: Sequence[Wanted]) -> list[Look]:
    """Look once for all; of days, once for each that are asked for."""
    own = list(dict.fromkeys((each.slug, each.days) for each in asked if each.days))
    others = list(dict.fromkeys(each.others_days for each in asked if each.others_days))
    steps: list[Step] = [
        (_LOOK, [clinic.pk]),
        (
            _LOOK_AT_DAYS,
            [
                [slug for slug, _ in own],
                [days[0] for _, days in own],
                [days[1] for _, days in own],
            ],
        ),
    ]
    if others:
        firsts_and_lasts = [[days[0] for days in others], [days[1] for days in others]]
        steps.append((_LOOK_AT_ALL_DAYS, firsts_and_lasts))
    async with pools.borrowed(clinic) as wire:
        [[now, *about]], days, *of_all = await wire.run(*steps)
    revisions: dict[Any, int] = dict(zip(own, (row[0] for row in days), strict=True))
    of_others: dict[Any, int] = dict(
        zip(others, (row[0] for rows in of_all for row in rows), strict=True)
    )
    return [
        Look(
            now,
            tuple(about),
            revisions.get((each.slug, each.days)),
            of_others.get(each.others_days),
        )
        for each in asked
    ]
