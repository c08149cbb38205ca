"""What the platform itself has to do by the way: called by each worker, now and then."""

from collections.abc import Callable
from datetime import datetime

from tenants import archives, domains, lifecycle, migrating, provisioning
from tenants.locks import BusyError, only_one

# In this order, each on its own: what fails is tried again at the next round.
CHORES: tuple[Callable[[datetime], None], ...] = (
    provisioning.finish_left,
    migrating.finish_young,
    lifecycle.end_trials,
    lifecycle.delete_due,
    archives.forget_old,
    domains.forget_unproved,
    domains.check_again,
)


def do(chore: Callable[[datetime], None], now: datetime) -> None:
    """Do one chore, unless another worker is at it."""
    try:
        with only_one(f"chore {chore.__module__}.{chore.__name__}", wait=False):
            chore(now)
    except BusyError:
        pass
