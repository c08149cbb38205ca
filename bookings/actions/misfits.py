"""Coming visits that the rules, as they are now, no longer fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookings.actions import rules
from bookings.actions.rules import Rules
from bookings.models import Appointment, Doctor
from bookings.timetable import wall_time

_DAY = timedelta(days=1)


class Why(StrEnum):
    """Which rule a visit no longer fits."""

    SERVICE = "service"
    CLOSED = "closed"
    HOURS = "hours"
    LENGTH = "length"
    CLOCK = "clock"


SENTENCES: dict[Why, str | Promise] = {
    Why.SERVICE: _("This doctor no longer offers this kind of visit."),
    Why.CLOSED: _("The doctor is away, or the clinic is closed."),
    Why.HOURS: _("It is outside the doctor's working hours."),
    Why.LENGTH: _("This kind of visit has another length now."),
    Why.CLOCK: _("The law on the clock changed: it is no longer at the hour it was."),
}


@dataclass(frozen=True)
class Misfit:
    """A visit and the first rule that it does not fit."""

    appointment: Appointment
    why: Why

    @property
    def key(self) -> tuple[UUID, Why]:
        return self.appointment.pk, self.why

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.why])


def misfits(
    now: datetime,
    *,
    doctors: Iterable[UUID] | None = None,
    days: tuple[date, date] | None = None,
) -> list[Misfit]:
    """Every coming visit that fits its doctor's rules no longer, by doctor and start.

    Those that wait for a new time anyway are left out.

    Args:
        doctors: by default all who have coming visits.
        days: only visits of these days, both included, wherever the doctors are.
    """
    rows = Appointment.objects.upcoming(now).filter(is_unplaced=False, start__gt=now)
    if doctors is not None:
        rows = rows.filter(doctor__in=list(doctors))
    if days is not None:
        rows = rows.filter(start__date__range=(days[0] - _DAY, days[1] + _DAY))
    found: list[Misfit] = []
    of_doctor: list[Appointment] = []
    for each in rows.with_everything().order_by("doctor", "start"):
        if of_doctor and of_doctor[0].doctor_id != each.doctor_id:
            found += _of_doctor(of_doctor)
            of_doctor = []
        of_doctor.append(each)
    return found + _of_doctor(of_doctor)


def clock_changed(now: datetime) -> list[Appointment]:
    """Visits that a new time zone database shows at another hour than was promised.

    They are reported, never moved by themselves: nobody but the clinic knows whether
    the people will come by the old clock or the new one.
    """
    return [each.appointment for each in misfits(now) if each.why is Why.CLOCK]


def _of_doctor(visits: list[Appointment]) -> list[Misfit]:
    if not visits:
        return []
    doctor = Doctor.objects.prefetch_related("services").get(pk=visits[0].doctor_id)
    first, last = (at.astimezone(doctor.zone).date() for at in _reach(visits))
    plan = rules.of(doctor, first - _DAY, last)
    judged = ((visit, _why(visit, doctor, plan)) for visit in visits)
    return [Misfit(visit, why) for visit, why in judged if why]


def _reach(visits: list[Appointment]) -> tuple[datetime, datetime]:
    return visits[0].start, max(visit.end for visit in visits)


def _why(visit: Appointment, doctor: Doctor, plan: Rules) -> Why | None:
    service = visit.service
    if not doctor.is_active or service not in doctor.services.all():
        return Why.SERVICE
    if f"{wall_time(visit.start, ZoneInfo(visit.zone)):%Y-%m-%dT%H:%M}" != (
        visit.wall_start
    ):
        return Why.CLOCK
    if plan.closure_at(visit.start, visit.end):
        return Why.CLOSED
    if not any(s <= visit.start and visit.end <= e for s, e in plan.open_times()):
        return Why.HOURS
    has_length = visit.end - visit.start == service.length
    before = visit.start - visit.occupied.lower
    after = visit.occupied.upper - visit.end
    if not has_length or (before, after) != (service.before, service.after):
        return Why.LENGTH
    return None
