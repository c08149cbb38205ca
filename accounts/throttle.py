"""Counts tries in Redis, so that nobody can guess or hoard without end.

Counters are per clinic, expire by themselves, and name nobody: what identifies a caller
is hashed. Without Redis nothing is counted: a clinic must be able to go on.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Protocol

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django_redis import get_redis_connection
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

_PAUSE = 2.0  # seconds that Redis is left alone after it failed
_asked_again_at = 0.0


def capped_address(request: HttpRequest) -> str:
    """Return where a request comes from, for caps on it; nothing when limits are off."""
    return client_address(request) if settings.RATE_LIMITS else ""


def hit(scope: str, ident: str, *, limit: int, seconds: int) -> int | None:
    """Count one try; return how many seconds to wait, or None within the limit.

    Args:
        scope: what is tried, such as `login`.
        ident: who tries, or what is tried at: an address, an e-mail, an id.
        limit: how many tries are allowed in `seconds` from the first one on.
    """
    key = _key(scope, ident)
    if not settings.RATE_LIMITS or _is_paused():
        return None
    try:
        pipe = get_redis_connection("default").pipeline(transaction=True)
        pipe.set(key, 0, ex=seconds, nx=True)
        pipe.incr(key)
        pipe.ttl(key)
        _, count, left = pipe.execute()
    except (RedisError, OSError) as error:
        _pause(error)
        return None
    return max(int(left), 1) if count > limit else None


@dataclass(frozen=True)
class Try:
    """One try to count, as `hit` is told of it."""

    scope: str
    ident: str
    limit: int
    seconds: int


class AsyncRedis(Protocol):
    """A coroutine's way to Redis."""

    async def ask(self, *commands: Sequence[str | bytes | int]) -> list[Any]: ...


async def hit_all(tries: Sequence[tuple[str, Try]], redis: AsyncRedis) -> list[bool]:
    """Count many tries in one round trip of a coroutine; says of each if it is within.

    Args:
        tries: each with its owner, whose counter it is: a clinic's UUID
            (`tenants.context.scope_name`).
        redis: the running loop's line to it.
    """
    if not settings.RATE_LIMITS or _is_paused():
        return [True] * len(tries)
    commands: list[tuple[str | int, ...]] = []
    for owner, each in tries:
        key = _key(each.scope, each.ident, owner)
        commands.append(("SET", key, 0, "EX", each.seconds, "NX"))
        commands.append(("INCR", key))
    try:
        told = await redis.ask(*commands)
    except (RedisError, OSError) as error:
        _pause(error)
        return [True] * len(tries)
    counts = told[1::2]
    return [
        int(count) <= each.limit for (_, each), count in zip(tries, counts, strict=True)
    ]


def wait(scope: str, ident: str, *, limit: int) -> int | None:
    """Return how many seconds to wait if the next try would be one too many."""
    key = _key(scope, ident)
    if not settings.RATE_LIMITS or _is_paused():
        return None
    try:
        pipe = get_redis_connection("default").pipeline(transaction=True)
        pipe.get(key)
        pipe.ttl(key)
        count, left = pipe.execute()
    except (RedisError, OSError) as error:
        _pause(error)
        return None
    return max(int(left), 1) if int(count or 0) >= limit else None


def count(scope: str, ident: str) -> int:
    """Return how many tries were counted; 0 when nobody knows."""
    if _is_paused():
        return 0
    try:
        return int(get_redis_connection("default").get(_key(scope, ident)) or 0)
    except (RedisError, OSError) as error:
        _pause(error)
        return 0


def forgive(scope: str, ident: str) -> None:
    """Take one try back, which turned out not to be one of those that count."""
    key = _key(scope, ident)
    if not settings.RATE_LIMITS or _is_paused():
        return
    try:
        redis = get_redis_connection("default")
        if redis.exists(key) and redis.decr(key) < 0:
            redis.delete(key)  # it expired in between: a counter without an end
    except (RedisError, OSError) as error:
        _pause(error)


def client_address(request: HttpRequest) -> str:
    """Return the address that asks, as `address` has it."""
    told = request.META.get
    return address(told("REMOTE_ADDR") or "", told("HTTP_X_FORWARDED_FOR", ""))


def address(remote: str, forwarded: str) -> str:
    """Return the address that asks; one network (/64) of IPv6 counts as one.

    Args:
        remote: who is at the other end of the connection.
        forwarded: `X-Forwarded-For`, which is believed only for as many entries, from the
            right, as there are proxies of ours (`TRUSTED_PROXIES`): the others are whatever
            the caller wrote.
    """
    told = remote
    if settings.TRUSTED_PROXIES:
        hops = forwarded.split(",")
        told = hops[-min(settings.TRUSTED_PROXIES, len(hops))].strip() or told
    return _counted_as(told) or _counted_as(remote) or "unknown"


@lru_cache(maxsize=4096)  # who comes, comes again
def _counted_as(told: str) -> str:
    """Empty if it is no address."""
    found = _parsed(told)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found or "")


def _parsed(told: str) -> IPv4Address | IPv6Address | None:
    """Read an address as proxies write it: `192.0.2.1`, `192.0.2.1:80`, `[::1]:80`."""
    bare = told
    if told.startswith("["):
        bare = told[1:].split("]")[0]
    elif told.count(":") == 1:
        bare = told.split(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _key(scope: str, ident: str, owner: str = "") -> str:
    """Name a counter; by default of whom this thread works for."""
    name = f"throttle:{scope}:{_hidden(scope, ident, settings.SECRET_KEY)}"
    if owner:  # what the cache's KEY_FUNCTION does in a thread that has a clinic
        return f"{owner}:{_prefix()}:{name}"
    return str(cache.make_key(name))


@lru_cache(maxsize=1)  # the cache's proxy costs more than the key itself
def _prefix() -> str:
    return f"{cache.key_prefix}:{cache.version}"


@lru_cache(maxsize=4096)  # who comes, comes again
def _hidden(scope: str, ident: str, secret: str) -> str:
    told = ident.encode(errors="surrogatepass")
    salt = f"accounts.throttle:{scope}"
    return salted_hmac(salt, told, secret, algorithm="sha256").hexdigest()[:32]


def _is_paused() -> bool:
    return time.monotonic() < _asked_again_at


def _pause(error: Exception) -> None:
    global _asked_again_at
    _asked_again_at = time.monotonic() + _PAUSE
    logger.warning(
        "tries are not counted, Redis is not there: %s", type(error).__name__
    )
