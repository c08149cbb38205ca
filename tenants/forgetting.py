"""What Redis knows of a clinic: rate limits, locks, cached pages."""

import logging

from django_redis import get_redis_connection
from redis.exceptions import RedisError

from tenants.context import redis_key
from tenants.models import Clinic

logger = logging.getLogger(__name__)


def forget_in_redis(clinic: Clinic) -> None:
    """Remove every key that names the clinic. All of them end by themselves anyway."""
    try:
        redis = get_redis_connection("default")
        for pattern in (f"{clinic.pk}:*", redis_key(clinic.pk, "*")):
            keys = list(redis.scan_iter(match=pattern, count=1000))
            if keys:
                redis.delete(*keys)
    except RedisError as error:
        logger.warning("Redis still knows of %s: %r", clinic.pk, error)
