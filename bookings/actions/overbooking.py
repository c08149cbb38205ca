"""Overbooking on purpose: one more visit on a doctor's time, with a reason.

It is marked, stands outside of the constraint on the doctor's time, and takes no slot:
whoever has the time keeps it.
"""

from datetime import datetime
from uuid import UUID

from accounts.models import User
from bookings import locking
from bookings.actions import appointments, claims, entries
from bookings.actions.claims import Wish
from bookings.actions.entries import Actor, Done
from bookings.availability import Reason
from bookings.errors import PatientBusyError
from bookings.models import Appointment, Patient, Practice, Service
from bookings.once import Once, repeatable

# What a reason does not change: the doctor cannot do it, it is over, the plan is used.
_BINDING = {Reason.SERVICE, Reason.PAST, Reason.PLAN}


@repeatable
def overbook(
    *,
    slot_id: UUID,
    patient: Patient,
    by: User,
    via: Appointment.Via,
    why: str,
    service: Service | None = None,
    reason: str = "",
    language: str = "",
    once: Once | None = None,
    now: datetime | None = None,
) -> Appointment:
    """Book a service at a slot's start although the time is taken, blocked or short.

    A time that is free after all is booked as usual. The patient cannot be in two
    places at once even so.

    Args:
        by: who allows it; `roles.may_overbook` is for the edge to ask.
        why: said by them, kept in the history.

    Raises:
        NotOfferedError: the doctor does not offer the service, the time has passed, or
            the clinic's plan has no room this month.
        PatientBusyError: the patient is elsewhere then.
        ValueError: no reason was given.
    """
    if not why.strip():
        message = "Overbooking needs a reason."
        raise ValueError(message)
    slot = claims.find_slot(slot_id)
    chosen = service or slot.doctor.default_service
    wish = Wish(slot, chosen, Practice.load(), as_staff=True, patient=patient)
    if claims.evaluate(wish, now or locking.clock()).is_free:
        return appointments.book(
            slot_id=slot_id,
            patient=patient,
            by=by,
            via=via,
            service=chosen,
            as_staff=True,
            reason=reason,
            language=language,
            once=once,
            now=now,
        )

    def work() -> Done:
        person = entries.lock_or_save(patient)
        locking.bump_days({(slot.doctor_id, slot.day)})
        moment = now or locking.clock()
        judged = claims.evaluate(wish, moment)
        if judged.reason in _BINDING:
            raise claims.refusal(judged, moment, as_staff=True)
        if claims.patient_is_busy(wish):
            raise PatientBusyError
        new = Appointment(patient=person, reason=reason, language=language)
        return entries.book(new, wish, [], Actor(by, via), moment, why=why)

    done = locking.durably(lambda: entries.once(work, once))
    entries.announce(done)
    return done.appointment
