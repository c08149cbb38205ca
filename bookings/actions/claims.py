"""What booking and holding share: find the run of slots, judge it, refuse in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookings.availability import (
    SENTENCES,
    Interval,
    Offer,
    Policy,
    Reason,
    Visit,
    judge,
)
from bookings.errors import (
    BookingError,
    NoSlotError,
    NotOfferedError,
    SlotHeldError,
    SlotTakenError,
)
from bookings.models import Appointment, Doctor, Practice, Service, Slot

# Longest service plus its buffers, so that one query sees all that can matter.
_AROUND = timedelta(hours=16)


@dataclass(frozen=True)
class Wish:
    """A start and a service: what somebody wants, not yet judged."""

    slot: Slot
    service: Service
    practice: Practice

    @property
    def doctor(self) -> Doctor:
        return self.slot.doctor

    @property
    def visit(self) -> Visit:
        return visit_of(self.service, self.doctor)


def wish_for(slot_id: UUID, service: Service | None) -> Wish:
    """Read what is wanted; without a service, the doctor's default one.

    Raises:
        NoSlotError: there is no such slot.
    """
    try:
        slot = Slot.objects.select_related("doctor__default_service", "location").get(
            pk=slot_id
        )
    except Slot.DoesNotExist as error:
        raise NoSlotError(slot_id) from error
    chosen = service or slot.doctor.default_service
    return Wish(slot=slot, service=chosen, practice=Practice.load())


def visit_of(service: Service, doctor: Doctor) -> Visit:
    is_offered = (
        doctor.is_active
        and service.is_active
        and any(service.pk == own.pk for own in doctor.services.all())
    )
    return Visit(service.length, service.before, service.after, offered=is_offered)


def policy_of(
    practice: Practice, service: Service, *, as_staff: bool, room_in_cap: bool = True
) -> Policy:
    """Gather the clinic's rules for this service and this kind of asker."""
    own = service.notice_minutes
    return Policy(
        notice=timedelta(minutes=practice.notice_minutes if own is None else own),
        horizon=timedelta(days=practice.horizon_days),
        by_staff=as_staff,
        room_in_cap=room_in_cap,
    )


def evaluate(
    wish: Wish, policy: Policy, now: datetime, *, my_hold: UUID | None = None
) -> Offer[object]:
    """Judge the wish on the rows as they are now."""
    start = wish.slot.start
    # Before the slots: a booking that commits in between then shows as taken, by its
    # slot, and not as a neighbour's buffer.
    busy = busy_times(wish.doctor, start - _AROUND, start + _AROUND)
    rows = Slot.objects.filter(
        doctor=wish.doctor, start__gte=start, start__lt=start + _AROUND
    ).order_by("start")
    facts = [row.facts(my_hold=my_hold) for row in rows]
    return judge(
        facts[0],
        facts[1:],
        visit=wish.visit,
        policy=policy,
        busy=busy,
        now=now,
    )


def busy_times(doctor: Doctor, start: datetime, end: datetime) -> list[Interval]:
    """What the doctor's active appointments occupy between two instants."""
    ranges = (
        Appointment.objects.active()
        .filter(doctor=doctor, is_overbooked=False, occupied__overlap=(start, end))
        .values_list("occupied", flat=True)
    )
    return [(each.lower, each.upper) for each in ranges]


def refusal(offer: Offer[object], now: datetime) -> BookingError:
    """Turn a refused offer into the error that says so."""
    if offer.reason is Reason.TAKEN:
        return SlotTakenError()
    if offer.reason is Reason.HELD:
        return SlotHeldError(
            max(
                s.held_until for s in offer.slots if s.held_until and s.held_until > now
            )
        )
    assert offer.reason is not None  # noqa: S101 (a refused offer has a reason)
    return NotOfferedError(offer.reason, SENTENCES[offer.reason])
