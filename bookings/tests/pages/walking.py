"""Walks through the pages as a browser without JavaScript does."""

from typing import Any

from django.test import Client

from bookings.models import Slot

GUEST = {
    "name": "Elif Kaya",
    "dob": "27 3 1984",
    "email": "elif@mail.example",
    "tel": "020 7946 0118",
    "reason": "My knee",
}


def day_of(slot: Slot) -> str:
    """The address of the day on which a slot is."""
    day = slot.start.astimezone(slot.doctor.zone).date()
    return f"/doctors/{slot.doctor.slug}/?date={day.isoformat()}"


def choose(client: Client, slot: Slot, **fields: Any) -> Any:
    """Press a time."""
    return client.post(day_of(slot), {"slot": str(slot.pk)} | fields)


def hold(client: Client, slot: Slot, **fields: Any) -> str:
    """Press a free time; returns where its form is."""
    answer = choose(client, slot, **fields)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def book(client: Client, slot: Slot, **typed: Any) -> Any:
    """Hold a time and send the form; returns the answer to that."""
    return client.post(hold(client, slot), GUEST | typed)
