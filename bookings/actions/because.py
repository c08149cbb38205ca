"""What exactly stands in the way of a time, in words, and the row that says so."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Model
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from psycopg.types.range import Range

from bookings.actions import limits, rules
from bookings.actions.claims import Wish
from bookings.actions.misfits import SENTENCES as MISFITS
from bookings.actions.misfits import Why
from bookings.actions.rules import Closure, Rules
from bookings.availability import Interval, Reason
from bookings.models import Appointment, Doctor, Holiday, Slot, WorkingHours
from bookings.timetable import day_bounds

Detail = tuple[str, Model | None]
NOT_PUBLISHED = "not_published"
_DAY = timedelta(days=1)


def of_policy(wish: Wish, reason: Reason) -> Detail:
    """Of what the clinic's rules, the service or the clock say."""
    practice, service = wish.practice, wish.service
    match reason:
        case Reason.SERVICE:
            return _of_service(wish)
        case Reason.NOTICE:
            own = service.notice_minutes
            minutes = practice.notice_minutes if own is None else own
            said = _("Shortest notice is %(time)s.") % {"time": _length(minutes)}
            return said, practice if own is None else service
        case Reason.HORIZON:
            days = practice.horizon_days
            said = ngettext(
                "Patients can book %(n)d day ahead.",
                "Patients can book %(n)d days ahead.",
                days,
            )
            return said % {"n": days}, practice
        case Reason.CAP:
            most = practice.max_open_appointments
            said = ngettext(
                "The clinic allows %(n)d open appointment.",
                "The clinic allows %(n)d open appointments.",
                most,
            )
            return said % {"n": most}, practice
        case Reason.PLAN:
            return limits.told_to_staff(), None
    return _("It began at %(time)s.") % {"time": _at(wish.slot.start, wish)}, None


def of_slot(wish: Wish, reason: Reason, slot: Slot) -> Detail:
    """Of one slot that the visit would take."""
    times = {"from": _clock(slot.start, wish), "to": _clock(slot.end, wish)}
    match reason:
        case Reason.TAKEN:
            return _of_visit(slot.appointment, wish)
        case Reason.HELD if slot.held_until:
            until = _clock(slot.held_until, wish)
            return _("Held until %(time)s.") % {"time": until}, slot
        case Reason.TIME_OFF:
            return _of_closed(wish, slot)
        case Reason.OUTSIDE_HOURS:
            return _hours_of_day(_plan(wish), wish), wish.doctor
        case Reason.STAFF_ONLY | Reason.NEW_PATIENTS:
            hours = _hours_at(slot.start, _plan(wish))
            return (str(hours), hours) if hours else ("", slot)
    said = _("%(from)s–%(to)s was blocked by staff.") % times
    return _with_note(said, slot.block_note), slot


def of_end(wish: Wish, last: Slot) -> Detail:
    """Of a session that ends before the visit would."""
    said = _("The visit would last until %(end)s; the times end at %(last)s.") % {
        "end": _clock(wish.end, wish),
        "last": _clock(last.end, wish),
    }
    return said, _hours_at(last.start, _plan(wish)) or wish.doctor


def of_neighbour(wish: Wish, busy: Interval) -> Detail:
    """Of a visit before or after that leaves too little room."""
    rows = Appointment.objects.occupying().filter(doctor=wish.doctor)
    visit = rows.filter(occupied=Range(*busy, "[)")).select_related("patient").first()
    said, about = _of_visit(visit, wish)
    room = _("With the room around it: %(from)s–%(to)s.") % {
        "from": _clock(busy[0], wish),
        "to": _clock(busy[1], wish),
    }
    return f"{said} {room}", about


def of_no_slot(wish: Wish) -> Iterator[tuple[str, str, str, Model | None]]:
    """Why no time is published at an instant: codes, sentences, details and rows."""
    start, plan = wish.slot.start, _plan(wish)
    closed = [c for c in plan.closures if c.start < wish.end and start < c.end]
    for closure in closed:
        sentence = str(MISFITS[Why.CLOSED])
        yield Reason.TIME_OFF, sentence, _of_closure(closure, wish), closure.because
    if not any(opens <= start < closes for opens, closes in plan.open_times()):
        sentence = str(MISFITS[Why.HOURS])
        yield Reason.OUTSIDE_HOURS, sentence, _hours_of_day(plan, wish), wish.doctor
    elif not closed:
        sentence = _("No time is published that starts then.")
        yield NOT_PUBLISHED, sentence, *_of_grid(plan, wish)


def _of_service(wish: Wish) -> Detail:
    doctor, service = wish.doctor, wish.service
    if not doctor.is_active:
        return _("%(who)s takes no appointments.") % {"who": doctor}, doctor
    if not service.is_active:
        return _("“%(name)s” is not offered by the clinic.") % {
            "name": service
        }, service
    offered = ", ".join(str(each) for each in doctor.services.all())
    return _("This doctor offers: %(offered)s.") % {"offered": offered}, doctor


def _of_visit(visit: Appointment | None, wish: Wish) -> Detail:
    if visit is None:  # cancelled since it was asked about
        return "", None
    said = _("Booked by %(who)s, %(from)s–%(to)s, reference %(reference)s.") % {
        "who": visit.patient,
        "from": _clock(visit.start, wish),
        "to": _clock(visit.end, wish),
        "reference": visit.reference,
    }
    return said, visit


def _of_closed(wish: Wish, slot: Slot) -> Detail:
    closure = _plan(wish).closure_at(slot.start, slot.end)
    if closure is None:
        return _("It is over by now: publish slots to give the time back."), slot
    return _of_closure(closure, wish), closure.because


def _of_closure(closure: Closure, wish: Wish) -> str:
    because = closure.because
    if isinstance(because, Holiday):
        day = date_format(because.day, "j F Y")
        return _("Holiday: %(name)s, %(day)s.") % {"name": because.name, "day": day}
    said = _("Time off of %(who)s, %(from)s – %(to)s.") % {
        "who": because.doctor or _("the whole clinic"),
        "from": _at(closure.start, wish),
        "to": _at(closure.end, wish),
    }
    return _with_note(said, because.note)


def _with_note(said: str, note: str) -> str:
    return _("%(said)s Note: %(note)s") % {"said": said, "note": note} if note else said


def _of_grid(plan: Rules, wish: Wish) -> Detail:
    """The hours have the instant, yet no time starts at it."""
    start, doctor = wish.slot.start, wish.doctor
    day = start.astimezone(doctor.zone).date()
    if any(time.start == start for time in plan.slot_times()):
        last = Slot.objects.filter(doctor=doctor).order_by("-start").first()
        if last is None or last.start < start:
            until = _at(last.start, wish) if last else _("none")
            said = _("The last published time is: %(time)s.") % {"time": until}
            return said, wish.practice
        return _("The hours have it: publish slots."), doctor
    near = Slot.objects.between(*day_bounds(day, doctor.zone)).filter(doctor=doctor)
    starts = sorted(near.values_list("start", flat=True), key=lambda s: abs(s - start))
    said = ", ".join(_clock(each, wish) for each in sorted(starts[:4]))
    hours = next((h.key for h in plan.hours if h.holds_on(day)), None)
    return _("Times near it: %(times)s.") % {
        "times": said or _("none")
    }, hours or doctor


def _plan(wish: Wish) -> Rules:
    """The rules of the day, and of the day before, whose session may last past midnight."""
    day = wish.slot.start.astimezone(wish.doctor.zone).date()
    return rules.of(wish.doctor, day - _DAY, day)


def _hours_at(start: datetime, plan: Rules) -> WorkingHours | None:
    times = (time.key for time in plan.slot_times() if time.start == start)
    return next(times, None)


def _hours_of_day(plan: Rules, wish: Wish) -> str:
    day = wish.slot.start.astimezone(wish.doctor.zone).date()
    blocks = [
        f"{each.opens:%H:%M}–{each.closes:%H:%M}"
        for each in plan.hours
        if each.holds_on(day)
    ]
    if not blocks:
        return _("There are no working hours on this day.")
    return _("Working hours on this day: %(hours)s.") % {"hours": ", ".join(blocks)}


def _length(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if hours and not rest:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def _clock(instant: datetime, wish: Wish) -> str:
    return f"{_local(instant, wish.doctor):%H:%M}"


def _at(instant: datetime, wish: Wish) -> str:
    local = _local(instant, wish.doctor)
    return f"{date_format(local, 'D j M Y')} {local:%H:%M}"


def _local(instant: datetime, doctor: Doctor) -> datetime:
    return instant.astimezone(ZoneInfo(doctor.timezone))
