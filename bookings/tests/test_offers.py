"""What is offered books, and what is refused says a true reason.

Random set-ups; each start is asked of the calculator, then really booked. The reasons are
checked against plain restatements of the rules, written without the calculator.
"""

from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings import agenda
from bookings.actions import appointments, holds
from bookings.agenda import SlotView
from bookings.availability import Reason
from bookings.errors import BookingError, NotOfferedError
from bookings.models import Appointment, Service, Slot
from bookings.tests import make

NOW = datetime(2026, 6, 1, 6, tzinfo=UTC)
DAY_START = NOW + timedelta(days=1)

lengths = st.sampled_from([10, 20, 30, 40, 60])
buffers = st.sampled_from([0, 0, 5, 10, 30])
services = st.fixed_dictionaries(
    {
        "minutes": lengths,
        "buffer_before_minutes": buffers,
        "buffer_after_minutes": buffers,
    }
)
set_ups = st.fixed_dictionaries(
    {
        "services": st.lists(services, min_size=1, max_size=3),
        "slot_minutes": st.sampled_from([10, 20, 30]),
        "gaps": st.sets(st.integers(0, 11), max_size=3),
        "zone": st.sampled_from(["Europe/London", "Asia/Kathmandu", "Pacific/Apia"]),
        "blocked": st.dictionaries(
            st.integers(0, 11), st.sampled_from(Slot.BlockedBy.values), max_size=2
        ),
        "new_patients_only": st.sets(st.integers(0, 11), max_size=2),
        "staff_only": st.sets(st.integers(0, 11), max_size=2),
        "held": st.lists(st.integers(0, 11), max_size=1),
        "booked": st.lists(
            st.tuples(st.integers(0, 11), st.integers(0, 2)), max_size=4
        ),
        "notice_minutes": st.sampled_from([0, 60, 25 * 60]),
        "horizon_days": st.sampled_from([1, 60]),
        "as_staff": st.booleans(),
        "asked": st.integers(0, 2),
    }
)


@pytest.mark.usefixtures("clinic")
@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(set_up=set_ups)
def test_offers_book_and_refusals_tell_the_truth(set_up: dict[str, Any]) -> None:
    with undone():
        doctor, kinds = _build(set_up)
        service = kinds[set_up["asked"] % len(kinds)]
        for view in _asked(doctor, service, as_staff=set_up["as_staff"]):
            outcome = _try(view, service, as_staff=set_up["as_staff"])
            assert outcome == (view.reason or "booked"), view
            if view.reason:
                assert TRUE_WHEN[view.reason](view, service, set_up), view


@contextmanager
def undone():
    """Forget what the block writes (durable transactions allow only savepoints here)."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


def _build(set_up: dict[str, Any]) -> tuple[Any, list[Service]]:
    make.practice(
        notice_minutes=set_up["notice_minutes"], horizon_days=set_up["horizon_days"]
    )
    kinds = [make.service(**fields) for fields in set_up["services"]]
    doctor = make.doctor(services=kinds, timezone=set_up["zone"])
    length = timedelta(minutes=set_up["slot_minutes"])
    for n in sorted(set(range(12)) - set_up["gaps"]):
        make.slots(
            doctor,
            start=DAY_START + n * length,
            number=1,
            minutes=set_up["slot_minutes"],
            blocked_by=set_up["blocked"].get(n, ""),
            new_patients_only=n in set_up["new_patients_only"],
            staff_only=n in set_up["staff_only"],
        )
    for n, kind in set_up["booked"]:
        _quietly(_book, n * length, kinds[kind % len(kinds)])
    for n in set_up["held"]:
        _quietly(_hold, n * length, kinds[0])
    return doctor, kinds


def _quietly(act: Callable[..., object], *args: Any) -> None:
    try:
        act(*args)
    except (BookingError, Slot.DoesNotExist):
        pass  # this set-up has no such time


def _book(offset: timedelta, service: Service) -> None:
    slot = Slot.objects.get(start=DAY_START + offset)
    appointments.book(
        slot_id=slot.pk,
        service=service,
        patient=make.new_patient(),
        by=None,
        via=Appointment.Via.DESK,
        as_staff=True,
        now=NOW,
    )


def _hold(offset: timedelta, service: Service) -> None:
    slot = Slot.objects.get(start=DAY_START + offset)
    holds.place(slot_id=slot.pk, service=service, holder="else", as_staff=True, now=NOW)


def _asked(doctor: Any, service: Service, *, as_staff: bool) -> list[SlotView]:
    return agenda.between(
        doctor,
        DAY_START,
        DAY_START + timedelta(days=1),
        service=service,
        now=NOW,
        as_staff=as_staff,
    )


def _try(view: SlotView, service: Service, *, as_staff: bool) -> str:
    """Really book, then undo; says `booked` or the reason in the calculator's words."""
    with undone():
        try:
            appointments.book(
                slot_id=view.id,
                service=service,
                patient=make.new_patient(),
                by=None,
                via=Appointment.Via.PAGE,
                as_staff=as_staff,
                now=NOW,
            )
        except NotOfferedError as refused:
            return refused.reason
        except BookingError as refused:
            return {"slot_taken": "taken", "slot_held": "held"}[refused.code]
        return "booked"


# --- The rules again, in other words ---------------------------------------------------


def _run(view: SlotView, service: Service) -> list[Slot]:
    """The slots that lie in the visit, whether or not they join up."""
    end = view.slot.start + service.length
    return list(
        Slot.objects.filter(
            doctor=view.slot.doctor, start__gte=view.slot.start, start__lt=end
        ).order_by("start")
    )


def _is_covered(view: SlotView, service: Service) -> bool:
    reached = view.slot.start
    for slot in _run(view, service):
        reached = slot.end if slot.start == reached else reached
    return reached >= view.slot.start + service.length


def _is_out(view: SlotView, service: Service, why: str) -> bool:
    return any(slot.blocked_by == why for slot in _run(view, service))


def _some_occupied_touches(view: SlotView, service: Service) -> bool:
    start = view.slot.start - service.before
    end = view.slot.start + service.length + service.after
    others = Appointment.objects.active().filter(doctor=view.slot.doctor)
    return any(o.occupied.lower < end and start < o.occupied.upper for o in others)


TRUE_WHEN: dict[Reason, Callable[[SlotView, Service, dict[str, Any]], bool]] = {
    Reason.TAKEN: lambda v, s, _: any(x.appointment_id for x in _run(v, s)),
    Reason.BLOCKED: lambda v, s, _: _is_out(v, s, "desk"),
    Reason.TIME_OFF: lambda v, s, _: _is_out(v, s, "time_off"),
    Reason.HELD: lambda v, s, _: any(x.hold_id for x in _run(v, s)),
    Reason.STAFF_ONLY: lambda v, s, u: (
        not u["as_staff"] and any(x.staff_only for x in _run(v, s))
    ),
    Reason.NOTICE: lambda v, _, u: (
        not u["as_staff"]
        and v.slot.start - NOW < timedelta(minutes=u["notice_minutes"])
    ),
    Reason.HORIZON: lambda v, _, u: (
        not u["as_staff"] and v.slot.start - NOW > timedelta(days=u["horizon_days"])
    ),
    Reason.OUTSIDE_HOURS: lambda v, s, _: (
        _is_out(v, s, "hours") or not _is_covered(v, s)
    ),
    Reason.BUFFER: lambda v, s, _: _some_occupied_touches(v, s),
}
