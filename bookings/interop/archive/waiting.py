"""Writes the archives that were asked for: the worker's part."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError, connection

from bookings import locking
from bookings.errors import UnavailableError
from bookings.interop.archive.written import write
from tenants import archives
from tenants.context import clinic_context, platform_context

if TYPE_CHECKING:
    from tenants.models import Archive

logger = logging.getLogger(__name__)

_LOST = (OperationalError, InterfaceError, UnavailableError)


def write_one() -> bool:
    """Write one archive that waits; return whether there was one.

    One that cannot be written has failed, and can be asked for anew. If the database is
    lost, its lease ends, and somebody takes it up again.
    """
    archive = archives.claim(_clock())
    if archive is None:
        return False
    try:
        with _kept(archive), clinic_context(archive.clinic):
            write(archives.path_of(archive))
    except _LOST:
        raise
    except Exception:
        logger.exception("the export %s cannot be written", archive.pk)
        archives.failed(archive, _clock())
    else:
        archives.done(archive, _clock())
        logger.info("wrote the export %s", archive.pk)
    return True


@contextmanager
def _kept(archive: "Archive") -> Iterator[None]:
    """Renew the lease while this is open, from a thread with its own connection."""
    is_over = threading.Event()
    pause = archives.LEASE.total_seconds() / 3

    def renew() -> None:
        while not is_over.wait(pause):
            try:
                archives.renew(archive, _clock())
            except _LOST:
                continue  # tried again before the lease is over
            finally:
                connection.close()

    keeper = threading.Thread(target=renew, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        is_over.set()
        keeper.join()


def _clock() -> datetime:
    with platform_context():
        return locking.clock()
