"""What a run left behind, read without the program's own models: raw SQL and mail."""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from bookings.tests.outbox.mailbox import Mailbox
from bookings.tests.stress.nemesis import Fault
from bookings.tests.stress.operations import Operation

_VISITS = """
    SELECT id, reference, status, reason, doctor_id, patient_id, start, "end",
           occupied, is_overbooked, is_unplaced
    FROM bookings_appointment ORDER BY id
"""
_SLOTS = 'SELECT id, doctor_id, start, "end", appointment_id FROM bookings_slot'
_TOLD = """
    SELECT visit.reference, change.kind, message.state
    FROM bookings_appointmentchange change
    JOIN bookings_appointment visit ON visit.id = change.appointment_id
    LEFT JOIN bookings_outboxmessage message ON message.change_id = change.id
    WHERE change.kind IN ('booked', 'moved', 'cancelled')
"""
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
ACTIVE = ("booked", "arrived", "completed")

Row = dict[str, Any]


@dataclass
class Evidence:
    """Everything that is judged."""

    operations: list[Operation]
    faults: list[Fault] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    slots: list[Row] = field(default_factory=list)
    told: list[Row] = field(default_factory=list)  # changes that patients are told of
    mails: list[tuple[str, str, str]] = field(default_factory=list)  # id, event, visit
    deadlocks: int = 0  # those that the database has seen; callers must not
    read_at: int = 0

    @property
    def active(self) -> list[Row]:
        """Visits that must have their time for themselves."""
        return [
            visit
            for visit in self.visits
            if visit["status"] in ACTIVE
            and not visit["is_overbooked"]
            and not visit["is_unplaced"]
        ]

    @property
    def found(self) -> dict[str, list[str]]:
        """Mark → references."""
        found: dict[str, list[str]] = defaultdict(list)
        for visit in self.visits:
            found[visit["reason"]].append(visit["reference"])
        return found

    @property
    def final(self) -> dict[str, str]:
        """Slot → the reference of who has it, or nothing."""
        names = {visit["id"]: visit["reference"] for visit in self.visits}
        return {
            str(slot["id"]): names.get(slot["appointment_id"], "")
            for slot in self.slots
        }


def read(
    operations: list[Operation], faults: list[Fault], mailbox: Mailbox
) -> Evidence:
    """Read it all; nobody may be at work any more."""
    return Evidence(
        operations=operations,
        faults=faults,
        visits=_rows(_VISITS),
        slots=_rows(_SLOTS),
        told=_rows(_TOLD),
        mails=[
            (m["Message-ID"], m["X-Booking-Event"], m["X-Booking-Reference"])
            for m in list(mailbox.messages)
        ],
        deadlocks=_rows(_DEADLOCKS)[0]["deadlocks"],
        read_at=time.monotonic_ns(),
    )


def is_told() -> bool:
    """Whether no message waits any more."""
    return not any(row["state"] == "waiting" for row in _rows(_TOLD))


def _rows(sql: str) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
