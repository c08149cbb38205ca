"""The short way to what the scenarios begin with."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.test import Client

from bookings.actions import appointments
from bookings.interop import links
from bookings.models import Appointment, Hold, Slot
from bookings.tests import make
from bookings.tests.api.conftest import Caller
from tenants.models import Clinic

ADA = {"name": "Ada Guest", "email": "ada@mail.example"}


def browser_at(clinic: Clinic) -> Client:
    return Client(headers={"host": f"{clinic.slug}.localhost"})


def book(slot: Slot, **wishes: Any) -> Appointment:
    """Book as the website does; for a new guest unless told for whom."""
    person = wishes.pop("patient", None) or make.new_patient()
    via = Appointment.Via.PAGE
    return appointments.book(
        slot_id=slot.pk, patient=person, by=None, via=via, **wishes
    )


def let_lapse(slot: Slot) -> None:
    """Let the time of the hold on a slot run out."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    Hold.objects.filter(slots=slot).update(expires_at=past)
    Slot.objects.filter(pk=slot.pk).update(held_until=past)


def link_to(visit: Appointment, page: str = "") -> str:
    """The link in the mail of a visit, to one of its pages."""
    key = links.key_of(visit)
    return f"/appointments/{visit.reference}/{page}?{links.PARAMETER}={key}"


def offered(caller: Caller, day: date, **filters: Any) -> list[str]:
    """The ids of the starts that the API offers on a day."""
    told = {"from_": day.isoformat(), "to": day.isoformat(), "limit": 200}
    answer = caller.get("slots/", **told | filters)
    assert answer.status_code == 200, answer.content
    return [each["id"] for each in answer.json()["results"]]


def ids(slots: Iterable[Slot]) -> list[str]:
    return [str(slot.pk) for slot in slots]
