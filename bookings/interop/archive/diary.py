"""All appointments in order of time, a few at a time: a clinic may have a million."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from bookings.models import Appointment, AppointmentChange

_AT_ONCE = 500


def in_order() -> Iterator[Any]:
    """Return each appointment with what its line names, and `changed_at` with it."""
    changes = AppointmentChange.objects.filter(appointment=OuterRef("pk"))
    last_change = changes.order_by("-version").values("at")[:1]
    everything = (
        Appointment.objects.select_related(
            "doctor", "service", "location", "patient__guardian"
        )
        .defer("doctor__bio", "doctor__portrait_svg")  # long, and said nowhere
        .annotate(changed_at=Subquery(last_change))
        .order_by("start", "pk")
    )
    some = list(everything[:_AT_ONCE])
    while some:
        yield from some
        start, pk = some[-1].start, some[-1].pk
        later = Q(start__gt=start) | Q(start=start, pk__gt=pk)
        some = list(everything.filter(start__gte=start).filter(later)[:_AT_ONCE])


def with_last_change() -> Iterator[tuple[Appointment, datetime]]:
    """Return each appointment and when it was last changed."""
    for each in in_order():
        yield each, each.changed_at or each.created_at
