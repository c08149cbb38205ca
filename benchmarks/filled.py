"""Clinics full of free times and of patients who have logged in."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import count, cycle, islice
from uuid import UUID

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from bookings.models import Doctor, Practice, Slot
from bookings.seed import load
from tenants.context import clinic_context, connection
from tenants.models import Clinic
from tenants.provisioning import create_clinic

_LONG = timedelta(days=1)  # tokens must outlive the benchmark
_number = count(1)
_addresses = count(1)
_FREE = (
    "UPDATE bookings_slot SET appointment_id = NULL, hold_id = NULL, held_until = NULL, "
    "version = version + 1 WHERE start > now() - interval '1 day' "
    "AND (appointment_id IS NOT NULL OR hold_id IS NOT NULL)",
    "DELETE FROM bookings_outboxmessage WHERE change_id IN (SELECT id "
    "FROM bookings_appointmentchange WHERE start > now() - interval '1 day')",
    "DELETE FROM bookings_appointmentchange WHERE start > now() - interval '1 day'",
    "DELETE FROM bookings_keptanswer",
    "DELETE FROM bookings_hold WHERE expires_at > now() - interval '1 day'",
    "DELETE FROM bookings_appointment WHERE start > now() - interval '1 day'",
)
# The same rows are written again and again here: without the indexes' own cleaning,
# which VACUUM leaves out in a large table, they alone would grow with each burst.
_TIDY = "VACUUM (ANALYZE, INDEX_CLEANUP ON) "
_WRITTEN = (
    *("bookings_slot", "bookings_appointment", "bookings_appointmentchange"),
    *("bookings_outboxmessage", "bookings_keptanswer", "bookings_hold"),
)


Order = tuple[str, str, str]  # host, token, body


@dataclass
class Filled:
    """One clinic, and what requests to it need."""

    clinic: Clinic
    tokens: list[str]
    slots: list[str]  # free, by start and doctor: neighbours are of other doctors
    doctors: list[tuple[str, str]]  # id and slug
    days: list[date]
    _taken: int = field(default=0)

    @cached_property
    def staff_cookie(self) -> str:
        """The log-in of the clinic's owner, for the desk's pages."""
        with clinic_context(self.clinic):
            browser = Client()
            browser.force_login(User.objects.filter(role=User.Role.OWNER)[0])
            return browser.cookies[settings.SESSION_COOKIE_NAME].OutputString([])

    @property
    def host(self) -> str:
        return f"{self.clinic.slug}.localhost"

    def reader(self) -> dict[str, str]:
        """Return headers of one of 5,000 people who read, each at an own address.

        Reading is limited by address.
        """
        n = next(_addresses) % 5000
        return {"Host": self.host, "X-Forwarded-For": f"10.0.{n >> 8}.{n & 255}"}

    def orders(self) -> Iterator[Order]:
        """Yield orders of the free slots that come next, by one patient after the other.

        Nobody books two times at once: there are more patients than doctors.
        """
        patients = cycle(self.tokens)
        for slot in self.slots[self._taken :]:
            yield self.host, next(patients), json.dumps({"slot": slot})

    def next_orders(self, number: int) -> list[Order]:
        """Return so many orders, whose slots are not ordered again."""
        found = list(islice(self.orders(), number))
        self._taken += number
        return found

    def has_free(self, number: int) -> bool:
        """Whether so many slots have not been ordered yet."""
        return len(self.slots) - self._taken >= number

    def slots_of(self, doctor: str, first: date, last: date) -> list[str]:
        """Return the free slots of a doctor's days, of one day after the other."""
        with clinic_context(self.clinic):
            free = Slot.objects.filter(
                doctor=UUID(doctor), day__range=(first, last), appointment=None
            )
            ordered = free.order_by("start__time", "start").values_list("pk", flat=True)
            return [str(slot) for slot in ordered]

    def appointments(self) -> int:
        with clinic_context(self.clinic), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM bookings_appointment")
            return int(cursor.fetchone()[0])

    def free(self) -> None:
        """Take away what was booked and held, by SQL: no action could, none is wanted.

        What lies in the past stays.
        """
        with clinic_context(self.clinic), connection.cursor() as cursor:
            for statement in _FREE:
                cursor.execute(statement)
            cursor.execute(_TIDY + ", ".join(_WRITTEN))
        self._taken = 0

    def keep_still(self) -> None:
        """Have autovacuum leave it alone, whose coming and going would be measured.

        What it has to do depends on how many rows are written, and not on how many
        there are; and `free` cleans and counts the same tables.
        """
        with clinic_context(self.clinic), connection.cursor() as cursor:
            for table in _WRITTEN:
                cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")

    def tidy(self) -> None:
        """Clean and count the clinic's tables, and no other clinic's."""
        with clinic_context(self.clinic), connection.cursor() as cursor:
            cursor.execute(
                "SELECT string_agg(format('%I', relname), ', ') FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace = to_regnamespace("
                "current_schema()::text)"
            )
            cursor.execute(_TIDY + cursor.fetchone()[0])


def prepare() -> None:
    """Make the tables that all clinics share."""
    call_command("migrate_schemas", verbosity=0)


def filled(*, doctors: int, days: int, patients: int, slot_minutes: int = 15) -> Filled:
    """Make a clinic whose doctors work ten hours every day."""
    slug = f"load{next(_number)}"
    clinic, _ = create_clinic(
        slug=slug,
        name=slug.title(),
        timezone="Europe/Berlin",
        owner_email=f"owner@{slug}.example",
        owner_password=None,
    )
    with clinic_context(clinic):
        load.fill(
            doctors=doctors, days=days, patients=patients, slot_minutes=slot_minutes
        )
        Practice.objects.update(max_open_appointments=32_000)
        made = Filled(clinic, _tokens(clinic), *_times())
    made.tidy()
    return made


def _tokens(clinic: Clinic) -> list[str]:
    tokens.LIFETIME["access"] = _LONG  # in this process only: it signs, others check
    users = User.objects.filter(role=User.Role.PATIENT)
    return [tokens.issue(user, clinic.pk).access for user in users]


def _times() -> tuple[list[str], list[tuple[str, str]], list[date]]:
    soon = timezone.now() + timedelta(hours=2)
    free = Slot.objects.filter(start__gt=soon, appointment=None)
    slots = free.order_by("start", "doctor_id").values_list("pk", flat=True)
    doctors = Doctor.objects.order_by("pk").values_list("pk", "slug")
    days = sorted(set(free.values_list("day", flat=True)))
    return (
        [str(slot) for slot in slots],
        [(str(doctor), slug) for doctor, slug in doctors],
        days[1:],  # whole ones
    )


def spread(clinics: list[Filled], number: int) -> list[Order]:
    """Return so many orders, of one clinic after the other, of times not ordered before.

    Only when those run out are the clinics emptied: VACUUM makes every connection plan
    anew for each of them, which would be measured, and happens once a day in life.
    """
    each = -(-number // len(clinics))
    if not all(clinic.has_free(each) for clinic in clinics):
        for clinic in clinics:
            clinic.free()
    own = [clinic.next_orders(each) for clinic in clinics]
    return [order for orders in zip(*own, strict=True) for order in orders]
