"""The first page of the staff's admin: today, in numbers and line by line."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import roles
from accounts.models import User
from bookings.desk import clock
from bookings.desk.appointments import STATUS_COLOURS
from bookings.models import Appointment, OutboxMessage, Practice, Slot
from bookings.setup import steps
from bookings.setup.steps import Step
from tenants.context import current_clinic
from tenants.usage import Level, levels

Figure = dict[str, Any]
_MOST = 100  # lines; the list has the rest


def overview(user: User, now: datetime) -> dict[str, Any]:
    """What the page shows to `user` at the instant `now`."""
    start, end = clock.days(timezone.localdate(now))
    appointments: Any = Appointment.objects
    rows = list(
        appointments.visible_to(user)
        .filter(start__gte=start, start__lt=end)
        .select_related("patient", "doctor", "service")
        .order_by("start", "id")[:_MOST]
    )
    return {
        "day": clock.wall(now, timezone.get_current_timezone_name()),
        "figures": [
            *_of_appointments(rows),
            *_of_clinic(user, now, end),
            *_without_a_time(user),
        ],
        "lines": [_line(each) for each in rows],
        "all_address": reverse("admin:bookings_appointment_changelist"),
        "setup_steps": _setup_steps(user),
        "levels": _pressing_levels(user, now),
    }


def _setup_steps(user: User) -> list[Step]:
    """What is left of the set-up, for who may do it."""
    if not roles.may(user, "bookings.change_practice"):
        return []
    return steps.missing(Practice.load())


def _pressing_levels(user: User, now: datetime) -> list[Level]:
    """Limits of the plan that are nearly used up, for who can do something about it."""
    if not roles.is_owner(user):
        return []
    every = levels(current_clinic(), now=now)
    return [level for level in every if level.state != "ok"]


def _of_appointments(rows: list[Appointment]) -> list[Figure]:
    count = Counter(each.status for each in rows)
    address = reverse("admin:bookings_appointment_changelist") + "?when=today"
    return [
        _figure(_("Booked today"), count["booked"], f"{address}&status__exact=booked"),
        _figure(_("Arrived"), count["arrived"], f"{address}&status__exact=arrived"),
        _figure(
            _("Cancelled today"),
            count["cancelled"],
            f"{address}&status__exact=cancelled",
        ),
    ]


def _of_clinic(user: User, now: datetime, end: datetime) -> list[Figure]:
    coming: Any = Slot.objects.between(now, end)
    if user.role == User.Role.DOCTOR:
        coming = coming.filter(doctor__user=user)
    slots = reverse("admin:bookings_slot_changelist") + "?when=today&status=free"
    free = coming.with_status(Slot.Status.FREE, now).count()
    figures = [_figure(_("Free slots left today"), free, slots)]
    if user.role != User.Role.DOCTOR:
        dead = OutboxMessage.objects.filter(state=OutboxMessage.State.DEAD).count()
        place = reverse("admin:bookings_outboxmessage_changelist")
        address = f"{place}?state__exact=dead"
        if dead:
            figures.append(_figure(_("Messages given up"), dead, address, bad=dead))
    return figures


def _without_a_time(user: User) -> list[Figure]:
    """Shown only when somebody has to do something about it, however old it is."""
    appointments: Any = Appointment.objects
    waiting = appointments.visible_to(user).filter(
        is_unplaced=True, status=Appointment.Status.BOOKED
    )
    number = waiting.count()
    if not number:
        return []
    place = reverse("admin:bookings_appointment_changelist")
    asked = "?when=all&is_unplaced__exact=1&status__exact=booked"
    return [_figure(_("Need a new time"), number, f"{place}{asked}", bad=number)]


def _figure(name: str, number: int, address: str, *, bad: int = 0) -> Figure:
    return {"name": name, "number": number, "address": address, "bad": bool(bad)}


def _line(appointment: Appointment) -> dict[str, Any]:
    local = appointment.local_start
    return {
        "time": f"{local:%H:%M}",
        "zone": clock.named(local),
        "iso": local.isoformat(),
        "patient": appointment.patient.name,
        "doctor": str(appointment.doctor),
        "service": str(appointment.service),
        "colour": STATUS_COLOURS[appointment.status],
        "status_label": appointment.get_status_display(),
        "address": reverse("admin:bookings_appointment_change", args=[appointment.pk]),
    }
