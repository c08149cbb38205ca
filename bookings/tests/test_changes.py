"""Changing the rules under booked patients: everybody hit is seen, and dealt with."""

from datetime import time, timedelta
from functools import partial

import pytest
from django.core.management import call_command

from bookings import agenda, locking
from bookings.actions import appointments, changes, slots
from bookings.actions.changes import Choice, Decision, Scope
from bookings.actions.entries import Actor
from bookings.actions.misfits import Why, clock_changed
from bookings.errors import UndecidedError
from bookings.models import (
    Appointment,
    Holiday,
    OutboxMessage,
    Service,
    Slot,
    TimeOff,
    WorkingHours,
)
from bookings.tests import make
from bookings.tests.test_races import at_once, no_overlaps

DESK = Appointment.Via.DESK
NOBODY = Actor(None, DESK)


@pytest.fixture
def doctor(clinic):
    return with_hours()


def with_hours():
    """A doctor who is in from 09:00 to 12:00 on the day in a week and the day after."""
    make.practice(horizon_days=14)
    made = make.doctor()
    for offset in (0, 1):
        day = make.next_week(made) + timedelta(days=offset)
        make.hours(made, weekday=day.weekday(), opens=time(9), closes=time(12))
    slots.publish()
    return made


def at(doctor, clock, *, days=0):
    start = make.at(doctor, make.next_week(doctor) + timedelta(days=days), clock)
    return Slot.objects.get(doctor=doctor, start=start)


def book(slot, **wishes):
    person = wishes.pop("patient", None) or make.new_patient()
    return appointments.book(
        slot_id=slot.pk, patient=person, by=None, via=DESK, as_staff=True, **wishes
    )


def leave(doctor, opens, closes):
    """What saves time off on the day in a week."""
    day = make.next_week(doctor)
    return partial(
        TimeOff.objects.create,
        doctor=doctor,
        start=make.at(doctor, day, opens),
        end=make.at(doctor, day, closes),
    )


def decide(choice, *visits):
    return {visit.pk: Decision(choice) for visit in visits}


def when(hit):
    """The start that is proposed."""
    assert hit.proposal
    return hit.proposal.start


def fresh(visit):
    return Appointment.objects.get(pk=visit.pk)


def test_a_preview_shows_who_is_hit_and_changes_nothing(doctor):
    hit, safe = book(at(doctor, time(9))), book(at(doctor, time(11)))

    (found,) = changes.preview(leave(doctor, time(8), time(10)))

    assert found.appointment == hit
    assert found.misfit.why is Why.CLOSED
    assert when(found) == at(doctor, time(10)).start
    assert not TimeOff.objects.exists()
    assert fresh(hit).version == fresh(safe).version == 1
    assert at(doctor, time(9)).appointment == hit
    assert OutboxMessage.objects.count() == 2


def test_two_that_are_hit_are_never_proposed_the_same_time(doctor):
    book(at(doctor, time(9)))
    book(at(doctor, time(9, 20)))
    found = changes.preview(leave(doctor, time(8), time(10)))
    assert len({when(hit) for hit in found}) == 2


def test_somebody_undecided_stops_the_whole_change(doctor):
    first, second = book(at(doctor, time(9))), book(at(doctor, time(9, 20)))

    with pytest.raises(UndecidedError):
        changes.apply(
            leave(doctor, time(8), time(10)),
            decisions=decide(Choice.CANCEL, first),
            by=NOBODY,
        )

    assert not TimeOff.objects.exists()
    assert fresh(first).status == fresh(second).status == "booked"


def test_moved_cancelled_kept_and_unplaced_in_one_go(doctor):
    clocks = (time(9), time(9, 20), time(9, 40), time(10))
    moved, cancelled, kept, unplaced = (book(at(doctor, each)) for each in clocks)
    OutboxMessage.objects.all().delete()

    changes.apply(
        leave(doctor, time(8), time(10, 20)),
        decisions=decide(Choice.MOVE, moved)
        | decide(Choice.CANCEL, cancelled)
        | decide(Choice.KEEP, kept)
        | decide(Choice.UNPLACE, unplaced),
        by=NOBODY,
    )

    assert fresh(moved).start == at(doctor, time(10, 20)).start
    assert at(doctor, time(10, 20)).appointment == moved
    assert fresh(cancelled).status == "cancelled"
    assert (fresh(kept).start, fresh(kept).version) == (kept.start, 1)
    assert fresh(unplaced).is_unplaced
    assert not fresh(unplaced).slots.exists()
    now = locking.clock()
    states = [str(at(doctor, each).status_at(now)) for each in clocks]
    assert states == ["blocked", "blocked", "booked", "blocked"]
    told = OutboxMessage.objects.values_list("change__kind", flat=True)
    assert sorted(told) == ["cancelled", "moved"]


def test_what_was_kept_is_not_asked_about_again(doctor):
    visit = book(at(doctor, time(9)))
    write = leave(doctor, time(8), time(10))
    changes.apply(write, decisions=decide(Choice.KEEP, visit), by=NOBODY)
    assert changes.preview(leave(doctor, time(8), time(9))) == []


def test_a_visit_that_needs_a_new_time_leaves_the_doctor_free_and_can_be_placed(doctor):
    visit = book(at(doctor, time(9)))
    write = leave(doctor, time(8), time(10))
    changes.apply(write, decisions=decide(Choice.UNPLACE, visit), by=NOBODY)
    TimeOff.objects.all().delete()
    slots.publish()
    assert book(at(doctor, time(9)))  # nobody stands in the way

    placed = appointments.reschedule(
        appointment_id=visit.pk,
        slot_id=at(doctor, time(11)).pk,
        by=None,
        via=DESK,
        as_staff=True,
    )

    assert not placed.is_unplaced
    assert at(doctor, time(11)).appointment == visit


def test_the_agreed_time_that_went_meanwhile_is_asked_about_again(doctor):
    visit = book(at(doctor, time(9)))
    write = leave(doctor, time(8), time(10))
    (hit,) = changes.preview(write)
    book(hit.proposal)

    agreed = {visit.pk: Decision(Choice.MOVE, when(hit))}

    with pytest.raises(UndecidedError):
        changes.apply(write, decisions=agreed, by=NOBODY)

    assert fresh(visit).version == 1


def test_hours_that_end_earlier(doctor):
    visit = book(at(doctor, time(11, 40)))
    cut = partial(WorkingHours.objects.all().update, closes=time(11, 30))
    (hit,) = changes.preview(cut)
    assert (hit.appointment, hit.misfit.why) == (visit, Why.HOURS)
    assert when(hit) == at(doctor, time(11)).start


def test_another_slot_length_hits_nobody_who_still_fits_in(doctor):
    book(at(doctor, time(9, 20)))
    longer = partial(WorkingHours.objects.all().update, slot_minutes=30)
    assert changes.preview(longer) == []


def test_a_longer_service_proposes_the_same_start_where_there_is_room(doctor):
    crowded, roomy = book(at(doctor, time(9))), book(at(doctor, time(11)))
    book(at(doctor, time(9, 20)), service=other_service(doctor))
    longer = partial(
        Service.objects.filter(pk=crowded.service_id).update, duration_minutes=40
    )

    found = {hit.appointment: hit for hit in changes.preview(longer)}

    assert {hit.misfit.why for hit in found.values()} == {Why.LENGTH}
    assert when(found[roomy]) == roomy.start
    assert when(found[crowded]) > crowded.start
    changes.apply(
        longer,
        decisions=decide(Choice.MOVE, roomy) | decide(Choice.KEEP, crowded),
        by=NOBODY,
    )
    assert fresh(roomy).end - fresh(roomy).start == timedelta(minutes=40)
    assert fresh(roomy).slots.count() == 2
    assert fresh(crowded).end - fresh(crowded).start == timedelta(minutes=20)


def other_service(doctor):
    made = make.service()
    doctor.services.add(made)
    return made


def test_a_holiday_hits_the_whole_clinic(doctor):
    other = make.doctor()
    day = make.next_week(doctor)
    make.hours(other, weekday=day.weekday(), opens=time(9), closes=time(10))
    slots.publish()
    book(at(doctor, time(9)))
    book(at(other, time(9)))
    found = changes.preview(partial(Holiday.objects.create, day=day, name="Fair"))
    assert {hit.appointment.doctor for hit in found} == {doctor, other}


def test_a_doctor_who_leaves_has_no_time_to_propose(doctor):
    book(at(doctor, time(9)))

    def deactivate():
        doctor.is_active = False
        doctor.save()

    (hit,) = changes.preview(deactivate)
    assert (hit.misfit.why, hit.proposal) == (Why.SERVICE, None)


def test_a_patient_s_other_visit_is_minded_when_a_time_is_proposed(doctor):
    person = make.patient()
    book(at(doctor, time(9)), patient=person)
    other = make.doctor()
    (elsewhere,) = make.slots(other, start=at(doctor, time(10)).start, number=1)
    book(elsewhere, patient=person)
    (hit,) = changes.preview(leave(doctor, time(8), time(10)), scope=Scope([doctor.pk]))
    assert when(hit) == at(doctor, time(10, 20)).start


def test_a_new_law_on_the_clock_is_reported_and_moves_nothing(doctor):
    visit = book(at(doctor, time(9)))
    assert clock_changed(locking.clock()) == []
    # As if the visit had been promised under the zone's former rules.
    told = f"{visit.local_start + timedelta(hours=1):%Y-%m-%dT%H:%M}"
    Appointment.objects.filter(pk=visit.pk).update(wall_start=told)

    assert clock_changed(locking.clock()) == [visit]
    slots.publish()
    assert fresh(visit).start == visit.start


def test_leave_entered_while_patients_book_leaves_nobody_on_it(committed):
    doctor = with_hours()
    day = make.next_week(doctor)
    free = list(Slot.objects.filter(doctor=doctor, day=day).order_by("start"))
    write = leave(doctor, time(8), time(10, 30))

    def take_leave():
        hits = changes.preview(write)
        decisions = {hit.appointment.pk: Decision(Choice.MOVE) for hit in hits}
        for _ in range(20):
            try:
                return changes.apply(write, decisions=decisions, by=NOBODY)
            except UndecidedError:
                for hit in changes.preview(write):
                    decisions[hit.appointment.pk] = Decision(Choice.MOVE)
        return None

    jobs = [partial(book, slot) for slot in free]
    outcomes = at_once(committed, [*jobs[:4], take_leave, *jobs[4:]])

    assert outcomes[4] == "done"
    assert TimeOff.objects.count() == 1
    assert no_overlaps()
    time_off = TimeOff.objects.get()
    on_leave = Appointment.objects.active().filter(
        start__lt=time_off.end, end__gt=time_off.start
    )
    assert not on_leave.exists()


def test_publishing_names_the_visits_that_a_new_law_has_moved(doctor, capsys):
    visit = book(at(doctor, time(9)))
    call_command("publish_slots")
    assert capsys.readouterr().err == ""
    told = f"{visit.local_start + timedelta(hours=1):%Y-%m-%dT%H:%M}"
    Appointment.objects.filter(pk=visit.pk).update(wall_start=told)

    call_command("publish_slots")

    said = capsys.readouterr().err
    assert visit.reference in said
    assert f"booked for {told}" in said
    assert "Nothing was moved." in said


def test_a_move_out_of_the_changed_days_is_seen_there_too(doctor):
    make.practice(horizon_days=30)
    slots.publish()
    visit = book(at(doctor, time(9)))
    day = make.next_week(doctor)
    write = leave(doctor, time(0), time(23))
    scope = Scope([doctor.pk], (day, day))
    (hit,) = changes.preview(write, scope=scope)
    assert hit.proposal
    target = hit.proposal.day
    assert target != day
    before = agenda.revisions([doctor.pk], target, target)

    changes.apply(write, decisions=decide(Choice.MOVE, visit), by=NOBODY, scope=scope)

    after = agenda.revisions([doctor.pk], target, target)
    key = (doctor.pk, target)
    assert after[key] > before[key]


def test_the_times_that_visits_move_to_are_kept_from_others_meanwhile(committed):
    doctor = with_hours()
    visits = [book(at(doctor, time(9))), book(at(doctor, time(9, 20)))]
    day = make.next_week(doctor)
    write = leave(doctor, time(0), time(23))
    decisions = decide(Choice.MOVE, *visits)
    others = Slot.objects.filter(doctor=doctor).exclude(day=day)

    def take_leave():
        scope = Scope([doctor.pk], (day, day))
        changes.apply(write, decisions=decisions, by=NOBODY, scope=scope)

    jobs = [partial(book, slot) for slot in others]
    outcomes = at_once(committed, [*jobs[:6], take_leave, *jobs[6:]])

    assert set(outcomes) <= {"done", "slot_taken", "slot_busy", "undecided"}
    assert no_overlaps()
    for visit in Appointment.objects.active():
        assert visit.slots.get().start == visit.start
