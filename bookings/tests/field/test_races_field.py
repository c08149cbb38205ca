"""Several at once, with real commits."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

from bookings import locking
from bookings.actions import holds
from bookings.actions.anyone import book_any
from bookings.models import Appointment, DoctorDay, Slot
from bookings.tests import make
from bookings.tests.api.conftest import Caller
from bookings.tests.field.stage import ADA, book, browser_at, let_lapse
from bookings.tests.pages import walking
from bookings.tests.test_races import at_once, no_overlaps

Jobs = list[Callable[[], object]]
REFUSED = {"slot_taken", "slot_held", "slot_busy", "hold_expired", "not_offered"}


def test_of_twelve_browsers_that_press_one_time_one_is_booked(committed):
    """Scenario 1: two browsers confirm one slot, and both succeed.

    Easy!Appointments #31; cal.com #13397, #5820; LibreBooking #147, where the fix was
    to sleep for some seconds.
    """
    slot, *_ = make.slots(make.doctor())
    booked = []

    def walk():
        browser = browser_at(committed)
        chosen = walking.choose(browser, slot)
        if chosen.status_code == 302:
            booked.append(browser.post(chosen["Location"], walking.GUEST))

    at_once(committed, [walk] * 12, threads=12)

    visit = Appointment.objects.get()
    pages = [answer["Location"] for answer in booked if answer.status_code == 302]
    assert pages == [f"/appointments/{visit.reference}/"]


def test_two_open_forms_for_one_time_sent_at_once_make_one_appointment(committed):
    """Scenario 1: two browsers confirm one slot, here with one hold that has lapsed.

    Easy!Appointments #31; cal.com #13397, #5820.
    """
    slots = make.slots(make.doctor(), number=4)
    answers: dict[str, list[int]] = {"lapsed": [], "live": []}
    sends: Jobs = []
    for slot in slots:
        for which in answers:
            browser = browser_at(committed)
            form = walking.hold(browser, slot)
            sends.append(partial(_send, browser, form, answers[which]))
            if which == "lapsed":
                let_lapse(slot)

    at_once(committed, sends, threads=8)

    assert answers == {"lapsed": [410] * 4, "live": [302] * 4}
    assert Appointment.objects.count() == 4
    assert no_overlaps()


def test_of_sixteen_programs_that_book_one_time_one_succeeds(committed):
    """Scenario 1: two clients confirm one slot, here without any hold.

    Easy!Appointments #31; cal.com #13397, #5820; LibreBooking #147.
    """
    slot, *_ = make.slots(make.doctor())
    statuses = []

    def ask():
        wish = {"slot": str(slot.pk), "patient": ADA}
        statuses.append(Caller(committed).post("appointments/", wish).status_code)

    at_once(committed, [ask] * 16)

    assert sorted(statuses) == [201] + [409] * 15
    assert Appointment.objects.count() == 1


def test_any_doctor_will_do_never_gives_a_doctor_two_visits(committed):
    """Scenario 2: the "any provider" choice races with itself and with named doctors.

    Easy!Appointments #845: about forty double bookings a week at one town office.
    """
    service = make.service()
    same_time = [make.slots(make.doctor(services=[service]))[0] for _ in range(3)]
    any_doctor = partial(
        book_any,
        slot_ids=[slot.pk for slot in same_time],
        service=service,
        by=None,
        via=Appointment.Via.PAGE,
    )
    jobs: Jobs = [lambda: any_doctor(patient=make.new_patient())] * 12
    jobs += [partial(book, slot) for slot in same_time * 4]

    outcomes = at_once(committed, jobs)

    assert outcomes.count("done") == 3
    assert set(outcomes) <= {"done", *REFUSED}
    assert Appointment.objects.values("doctor").distinct().count() == 3
    assert no_overlaps()


def test_a_hold_and_bookings_beside_it_become_one_appointment(committed):
    """Scenario 3: two requests wait for one time, and staff confirm both.

    cal.com #10789, #29958; SergeyMosin Appointments #689; Nextcloud calendar #8794.
    Nothing waits unconfirmed here; what waits is a hold. Only its own form is booked.
    """
    slot, *_ = make.slots(make.doctor())
    held = holds.place(slot_id=slot.pk, holder="browser")
    mine = make.patient(name="Elif Kaya")
    jobs: Jobs = [partial(book, slot, hold_token=held.token, patient=mine)] * 3
    jobs += [partial(book, slot)] * 5 + [partial(book, slot, as_staff=True)] * 5

    outcomes = at_once(committed, jobs)

    assert outcomes[:3] == ["done"] * 3  # the same form, sent three times
    assert set(outcomes[3:]) <= REFUSED
    assert Appointment.objects.get().patient == mine


def test_of_two_holds_on_one_time_one_is_confirmed(committed):
    """Scenario 3: two requests for one time are both confirmed.

    cal.com #10789, #29958; SergeyMosin Appointments #689; Nextcloud calendar #8794.
    """
    slot, *_ = make.slots(make.doctor())

    def hold_and_confirm(holder):
        held = holds.place(slot_id=slot.pk, holder=holder)
        book(slot, hold_token=held.token)

    jobs: Jobs = [partial(hold_and_confirm, f"browser {n}") for n in range(12)]
    outcomes = at_once(committed, jobs)

    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", *REFUSED}
    assert Appointment.objects.count() == 1


def test_without_any_lock_two_visits_that_overlap_are_still_one(committed, monkeypatch):
    """Scenario 4: a lock is skipped as an optimisation, and the last place sold twice.

    fossasia/eventyay #1359. The two visits start at different slots, so no rule about
    one slot can tell them apart: only their times overlap.
    """
    doctor = make.doctor(services=[make.service(minutes=40)])
    early, late, _end = make.slots(doctor, number=3)
    monkeypatch.setattr(locking, "slot_locks", lambda _ids: nullcontext())
    monkeypatch.setattr(locking, "bump_days", lambda _days: None)
    monkeypatch.setattr(locking, "lock_slots", _read_without_lock)

    outcomes = at_once(committed, [partial(book, slot) for slot in [early, late] * 12])

    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "slot_taken", "slot_busy"}
    assert Appointment.objects.count() == 1


def test_the_first_two_who_join_a_time_or_a_day_make_one_of_it(committed):
    """Scenario 5: the first two who join a group slot create two separate groups.

    cal.com #13360. There are no group slots here; the nearest are the first two who
    take one time, and the first two of a day, which creates the day's counter.
    """
    doctor = make.doctor()
    one, other, *_ = make.slots(doctor)

    outcomes = at_once(committed, [partial(book, slot) for slot in [one, other] * 6])

    assert outcomes.count("done") == 2
    assert [each.start for each in Appointment.objects.all()] == [
        one.start,
        other.start,
    ]
    assert DoctorDay.objects.get(doctor=doctor).revision == 2


def _send(browser, form, answers):
    answers.append(browser.post(form, walking.GUEST).status_code)


def _read_without_lock(wanted):
    return list(Slot.objects.filter(pk__in=set(wanted)).order_by("start"))
