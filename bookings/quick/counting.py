"""The API's limits, counted for all who come at the same time in one round trip."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from accounts import throttle
from bookings.actions import limits
from bookings.api import throttling
from bookings.quick.asked import Asked
from tenants import pools
from tenants.turns import Party, Turns

if TYPE_CHECKING:
    from tenants.models import Clinic

Tries = list[throttle.Try]


class Counter:
    """Counts a request before it is answered; lives in one event loop."""

    def __init__(self) -> None:
        self._turns = Turns[Tries, bool](
            _count, most=200, waiting=10_000, together=_all_clinics
        )

    async def read(self, asked: Asked) -> bool:
        """Count a read of somebody without a token; False if it is one too many."""
        if not settings.RATE_LIMITS:
            return True
        who = throttling.address_named(asked.address)
        return await self._within(asked, [throttling.read_by(who)])

    async def write(self, asked: Asked, user_id: UUID | None) -> bool:
        """Count a write of a token's owner, or of a guest; False if one too many."""
        if not settings.RATE_LIMITS:
            return True
        if user_id is None:  # strangers must not use up a clinic's month
            who = throttling.address_named(asked.address)
            return await self._within(asked, [throttling.write_by(who)])
        call = limits.api_call(asked.clinic, datetime.now(UTC))
        who = throttling.user_named(user_id)
        return await self._within(asked, [throttling.write_by(who), call])

    async def _within(self, asked: Asked, tries: Tries) -> bool:
        is_within = await self._turns.ask(asked.clinic, tries)
        if is_within:  # else Django counts it, and says how long to wait
            asked.scope[throttling.COUNTED] = True
        return is_within


async def _count(parties: Sequence[Party[Tries]]) -> list[list[bool]]:
    tries = [
        (str(clinic.pk), each)
        for clinic, asked in parties
        for tries in asked
        for each in tries
    ]
    within = iter(await throttle.hit_all(tries, pools.redis()))
    # Each takes its own, whatever the first of them says.
    return [
        [set(islice(within, len(tries))) <= {True} for tries in asked]
        for _, asked in parties
    ]


def _all_clinics(_clinic: "Clinic") -> None:
    """Counters are keys of one Redis: all clinics' are counted together."""
