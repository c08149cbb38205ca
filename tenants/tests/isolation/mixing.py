"""Threads that work for two clinics in turn, while connections are killed under them."""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction

from bookings.actions import holds
from bookings.errors import BookingError
from bookings.models import Appointment, Doctor, Patient, Service, Slot
from tenants.context import clinic_context, current_clinic
from tenants.models import Clinic
from tenants.tests.isolation.marks import marks_of
from tenants.tests.isolation.names import SAME
from tenants.tests.isolation.rows import canary_of
from tenants.tests.isolation.visitors import Visitor

KILL_EVERY = 0.5  # seconds
KILLED_AT_ONCE = 2
# Requests to the web process; more would wait for its connections, not for each other.
_AT_ONCE = threading.Semaphore(10)
PAGES = (
    "/",
    "/doctors/doctor/",
    "/account/",
    "/appointments/",
    "/api/v1/appointments/",
    "/api/v1/doctors/",
    "/no/such/page/",
)


@dataclass
class Tally:
    """What came of it, of all threads and sockets together."""

    done: Counter[str] = field(default_factory=Counter)
    foreign: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        with self._lock:
            self.done[what] += 1

    def accuse(self, what: str) -> None:
        with self._lock:
            self.foreign.append(what)


@dataclass
class Mixer:
    """One thread: a clinic by dice, then something to do there."""

    clinics: tuple[Clinic, Clinic]
    visitors: dict[str, dict[str, Visitor]]  # slug → role → who
    address: str  # of a web process
    tally: Tally
    seed: int

    def run_until(self, until: float) -> None:
        dice = random.Random(self.seed)
        acts: list[Callable[[Clinic, random.Random], None]] = [
            self._read,
            self._savepoint,
            self._break,
            self._raise,
            self._nest,
            self._keep,
            self._hold,
            self._visit,
            self._visit,
        ]
        while time.monotonic() < until:
            clinic, act = dice.choice(self.clinics), dice.choice(acts)
            try:
                with clinic_context(clinic):
                    act(clinic, dice)
                self.tally.count(act.__name__.strip("_"))
            except (DatabaseError, BookingError, OSError, ZeroDivisionError) as error:
                self.tally.count(type(error).__name__)
            except http.client.HTTPException as error:
                self.tally.count(type(error).__name__)
            finally:
                connection.close()  # to the pool: the next one may be anybody's

    def _read(self, clinic: Clinic, dice: random.Random) -> None:
        del dice
        for model, name in ((Patient, "name"), (Doctor, "name"), (Service, "name")):
            for text in model._default_manager.values_list(name, flat=True):
                self._check(clinic, text)
        for visit in Appointment.objects.select_related("patient", "doctor"):
            self._check(clinic, f"{visit.patient.name} {visit.doctor.name}")

    def _savepoint(self, clinic: Clinic, dice: random.Random) -> None:
        """Roll a savepoint back, and with it the search path set inside it."""
        with transaction.atomic():
            try:
                with transaction.atomic(), clinic_context(dice.choice(self.clinics)):
                    Patient.objects.filter(pk=SAME.id("child")).update(name="nobody")
                    raise ZeroDivisionError
            except ZeroDivisionError:
                pass
            self._read(clinic, dice)

    def _break(self, clinic: Clinic, dice: random.Random) -> None:
        del clinic, dice
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    def _raise(self, clinic: Clinic, dice: random.Random) -> None:
        self._read(clinic, dice)
        raise ZeroDivisionError

    def _nest(self, clinic: Clinic, dice: random.Random) -> None:
        for inner in self.clinics:
            with clinic_context(inner), transaction.atomic():
                self._read(inner, dice)
        self._read(clinic, dice)

    def _keep(self, clinic: Clinic, dice: random.Random) -> None:
        del dice
        self._check(clinic, str(cache.get("whose", canary_of(clinic))))
        cache.set("whose", canary_of(current_clinic()))

    def _hold(self, clinic: Clinic, dice: random.Random) -> None:
        """Change what sockets watch; slots of the other clinic have the same id."""
        slot = SAME.id(dice.choice(["slot-free", "slot-later"]))
        placed = holds.place(slot_id=slot, holder=f"{self.seed}")
        self._check(clinic, placed.hold.doctor.name)
        holds.release(placed.token)

    def _visit(self, clinic: Clinic, dice: random.Random) -> None:
        """Ask a page or the API, with the cookie of this clinic or of the other."""
        whose, path = dice.choice(self.clinics), dice.choice(PAGES)
        who = self.visitors[whose.slug][dice.choice(["patient", "owner"])]
        (cookie,) = who.cookies.items()
        headers = {
            "Host": f"{clinic.slug}.localhost",
            "X-Forwarded-Host": next(c.slug for c in self.clinics if c != clinic),
            "Cookie": "=".join(cookie),
        }
        if path.startswith("/api/"):
            headers["Authorization"] = f"Bearer {who.bearer}"
        with _AT_ONCE:
            status, body = ask(self.address, path, headers)
        self._check(clinic, body, f"{whose.slug}'s cookie at {path}")
        if whose != clinic and path == "/account/" and status == 200:
            self.tally.accuse(f"{whose.slug}'s cookie opened {clinic.slug}{path}")
        if status >= 500 and status != 503:
            self.tally.accuse(f"{status} at {clinic.slug}{path}")
        self.tally.count(f"answered {status}")

    def _check(self, clinic: Clinic, text: str, what: str = "a row") -> None:
        for other in self.clinics:
            if other != clinic and marks_of(other).seen_in(text):
                self.tally.accuse(f"{clinic.slug} saw {other.slug} in {what}")


def ask(address: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """Return the status and the body of one answer."""
    asked = http.client.HTTPConnection(address, timeout=20)
    try:
        asked.request("GET", path, headers=headers)
        answer = asked.getresponse()
        return answer.status, answer.read().decode()
    finally:
        asked.close()


def kill_until(until: float, url: str, tally: Tally) -> None:
    """Kill some connections now and then, whoever works on them."""
    dice = random.Random(0)
    with psycopg.connect(url, autocommit=True) as own:
        while time.monotonic() < until:
            time.sleep(min(KILL_EVERY, until - time.monotonic()))
            found: list[Any] = own.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'slotwell' "
                "AND datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
            for (pid,) in dice.sample(found, min(KILLED_AT_ONCE, len(found))):
                own.execute("SELECT pg_terminate_backend(%s)", [pid])
                tally.count("killed")


def own_versions(clinic: Clinic) -> range:
    """Where a clinic's versions of slots are, so that frames tell whose they are."""
    start = 1_000_000 if clinic.slug == "riverside" else 5_000_000
    return range(start, start + 1_000_000)


def set_versions(clinics: tuple[Clinic, Clinic]) -> None:
    for clinic in clinics:
        with clinic_context(clinic):
            Slot.objects.update(version=own_versions(clinic).start)
