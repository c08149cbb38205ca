"""The background worker: five loops, each in a thread of its own.

- *wake-ups*: takes clinics from the wake-up list, ends their lapsed holds, hands their
  mail to the courier and re-arms them for what is next. Never waits for a mail server.
- *courier*: sends the mail of the clinics handed to it.
- *sweep*: at the start and every few minutes looks at all clinics, for what a lost
  wake-up hid, forgets answers kept for a day, and publishes slots where the horizon
  has moved on.
- *chores*: what the platform does about clinics as a whole (`tenants.chores`).
- *archives*: writes the exports that clinics asked for, which may take minutes.

Several workers may run side by side: rows are taken with `SKIP LOCKED`, publishing is
idempotent. A loop that fails (database gone, a clinic broken) pauses and goes on.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from bookings import locking, once
from bookings.actions import holds, slots
from bookings.actions.misfits import clock_changed
from bookings.errors import UnavailableError
from bookings.interop.archive import waiting
from bookings.models import Slot
from bookings.outbox import deliver, faults, horizon, metering
from bookings.outbox.handover import Handover
from tenants import chores, due
from tenants.context import (
    as_it_is_now,
    clinic_context,
    current_clinic,
    each_clinic,
    platform_context,
    rest,
)

logger = logging.getLogger(__name__)

POLL = 0.25  # seconds between looks at the wake-up list
GLANCE = 0.1  # seconds between looks at what was handed over, in memory
CHORES = 5.0  # seconds between rounds of the platform's chores
ARCHIVES = 2.0  # seconds between looks for exports that wait
SWEEP = 180.0  # seconds between sweeps
REPORTS = timedelta(minutes=1)  # at least, between two counts of what a clinic uses
SHORTEST = timedelta(seconds=1)  # what is still waiting is looked at again after this
LONGEST_PAUSE = 5.0  # seconds between tries while the database is away
GRACE = 0.5  # seconds that loops have to end in
_LOST = (OperationalError, InterfaceError, UnavailableError)


class Worker:
    """One worker process. `run` ends soon after `stop`, which a signal may call."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._mail: Handover[Any] = Handover()  # of clinics
        self._published: dict[UUID, date] = {}
        self._reported: dict[UUID, datetime] = {}

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped. A mail server that keeps us waiting is left talking."""
        steps: list[tuple[Callable[[], None], float]] = [
            (self.answer_wake_ups, POLL),
            (self.carry_mail, GLANCE),
            (self.sweep, SWEEP),
            (self.do_chores, CHORES),
            (self.write_archives, ARCHIVES),
        ]
        loops = [
            threading.Thread(target=self._loop, args=step, daemon=True)
            for step in steps
        ]
        for loop in loops:
            loop.start()
        self._stopping.wait()
        deadline = time.monotonic() + GRACE
        for loop in loops:
            loop.join(max(0.0, deadline - time.monotonic()))

    def run_once(self) -> None:
        """Do what is due now, in this thread, and return."""
        self.sweep()
        self.answer_wake_ups()
        self.carry_mail()
        self.do_chores()
        self.write_archives()

    def answer_wake_ups(self) -> None:
        """Look after every clinic whose time has come."""
        while not self._stopping.is_set():
            rest()
            with platform_context():
                now = locking.clock()
            clinic = due.claim(now)
            if clinic is None:
                return
            # After a failure the lease stays, and brings the clinic back.
            with _kept_apart("answering a wake-up"):
                with clinic_context(clinic):
                    holds.expire_due()
                    if deliver.has_due(now):
                        self._mail.give(clinic)
                    next_due = _not_at_once(_first_due(), now)
                    self._report(clinic.pk, now)
                due.settle(clinic, claimed_at=now, next_due=next_due)

    def carry_mail(self) -> None:
        """Send the mail of the clinics that were handed over."""
        while not self._stopping.is_set() and (clinic := self._mail.take()):
            rest()
            with clinic_context(clinic), _kept_apart("sending mail"):
                deliver.send_waiting(is_stopping=lambda: self._must_stop(clinic))

    def sweep(self) -> None:
        """Wake each clinic that has something waiting; publish where it is time to."""
        for clinic in each_clinic():
            if self._stopping.is_set():
                return
            with _kept_apart("sweeping"):
                now = locking.clock()
                if first_due := _first_due():
                    due.wake(clinic, first_due)
                once.forget_old(now)
                self._keep_published(now)
                self._report(clinic.pk, now)

    def do_chores(self) -> None:
        """Do what concerns clinics as a whole."""
        for chore in chores.CHORES:
            if self._stopping.is_set():
                return
            with platform_context(), _kept_apart(chore.__name__):
                chores.do(chore, locking.clock())

    def write_archives(self) -> None:
        """Write what was asked for. Killed meanwhile, it is taken up again."""
        while not self._stopping.is_set() and waiting.write_one():
            pass

    def _must_stop(self, clinic: Any) -> bool:
        """Whether we end, or the clinic does: a long queue would outlive a suspension."""
        return self._stopping.is_set() or as_it_is_now(clinic) is None

    def _keep_published(self, now: datetime) -> None:
        """Publish if the horizon has moved on, once a day at most."""
        clinic = current_clinic()
        today = now.astimezone(clinic.zone).date()
        if self._published.get(clinic.pk) == today or not horizon.is_behind(now):
            return
        self._published[clinic.pk] = today
        logger.info("published %s slots", slots.publish().made)
        if changed := clock_changed(now):
            logger.warning(
                "%s visits are at another hour than promised, since the law on the clock "
                "has changed; publish_slots names them",
                len(changed),
            )

    def _report(self, clinic_id: UUID, now: datetime) -> None:
        """Count what the clinic uses: after bookings, but not after each of many."""
        last = self._reported.get(clinic_id)
        if last is None or now - last >= REPORTS:
            self._reported[clinic_id] = now
            metering.report(now)

    def _loop(self, step: Callable[[], None], pause: float) -> None:
        """Repeat a step until stopped; say once that it fails, and once that it works."""
        failures = 0
        while not self._stopping.is_set():
            try:
                step()
            except Exception as error:
                failures += 1
                if failures == 1:
                    _say_failed(step.__name__, error)
            else:
                if failures:
                    logger.info("%s works again", step.__name__)
                failures = 0
            finally:
                connection.close()  # to the pool, which renews connections
            wait = min(LONGEST_PAUSE, 0.25 * 2**failures) if failures else pause
            self._stopping.wait(wait)


def _say_failed(what: str, error: Exception) -> None:
    if isinstance(error, _LOST):
        first_line, *_ = f"{error}\n".splitlines()
        logger.warning("%s: database away, trying again: %s", what, first_line)
        return
    named, trace = faults.name_of(error), faults.trace_of(error)
    logger.error("%s failed: %s\n%s", what, named, trace)


@contextmanager
def _kept_apart(what: str) -> Iterator[None]:
    """Keep one clinic's failure from the others; a lost database is everybody's."""
    try:
        yield
    except _LOST:
        raise
    except Exception as error:
        _say_failed(what, error)


def _first_due() -> datetime | None:
    """When the current clinic needs, or needed, a worker; None if never."""
    held = Slot.objects.filter(held_until__isnull=False).order_by("held_until")
    times = [held.values_list("held_until", flat=True).first(), deliver.next_due()]
    return min((each for each in times if each), default=None)


def _not_at_once(due_at: datetime | None, now: datetime) -> datetime | None:
    """Look again a bit later at what is due already: another thread is at it."""
    return now + SHORTEST if due_at and due_at <= now else due_at
