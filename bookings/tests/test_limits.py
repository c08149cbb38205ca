"""What a plan stops, at each door, and what it never stops."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import throttle, tokens
from accounts.tokens import issue
from bookings import agenda
from bookings.actions import anyone, appointments, holds, limits, overbooking, series
from bookings.actions.why import Binds, explain
from bookings.errors import DoctorsFullError, NotOfferedError, SeriesError
from bookings.models import Appointment, Doctor
from bookings.tests import make
from tenants import hosts
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic, Plan
from tenants.usage import month_of, next_month_of

VIA = Appointment.Via.PAGE
SENTENCE = "This clinic cannot take more bookings online this month."
HOST = {"host": "riverside.localhost"}


@pytest.fixture(autouse=True)
def _afresh():
    limits.forget()
    yield
    limits.forget()


@pytest.fixture
def on_plan(clinic):
    """`on_plan(max_appointments=1)`: be inside riverside, on a plan called Tiny."""
    make.practice()
    entered = []

    def enter(**most):
        with platform_context():
            plan, _ = Plan.objects.update_or_create(
                code="tiny", defaults={"name": "Tiny", **most}
            )
            Clinic.objects.filter(pk=clinic.pk).update(plan=plan)
            fresh = Clinic.objects.get(pk=clinic.pk)
        hosts.forget()
        limits.forget()
        entered.append(clinic_context(fresh))
        entered[-1].__enter__()
        return fresh

    yield enter
    for context in reversed(entered):
        context.__exit__(None, None, None)


def book(slot, **wishes):
    wishes = {"patient": make.new_patient(), "by": None, "via": VIA} | wishes
    return appointments.book(slot_id=slot.pk, **wishes)


@pytest.fixture
def full(on_plan):
    """A plan for one appointment a month, and that one booked; its visit and slots."""
    clinic = on_plan(max_appointments=1)
    slots = make.slots(make.doctor())
    visit = book(slots[0])
    return clinic, visit, slots


# Appointments --------------------------------------------------------------------------


def test_no_action_books_more_than_the_month_has_room_for(full):
    _clinic, visit, slots = full
    owner = make.user(role="owner")
    desk: dict[str, Any] = {"as_staff": True, "by": owner, "via": Appointment.Via.DESK}
    person: dict[str, Any] = {"patient": make.new_patient(), "by": None, "via": VIA}
    tries = [
        lambda: book(slots[1]),
        lambda: book(slots[1], **desk),
        lambda: holds.place(slot_id=slots[1].pk, holder="me"),
        lambda: anyone.book_at(start=slots[1].start, service=visit.service, **person),
        lambda: overbooking.overbook(
            slot_id=slots[0].pk, why="urgent", **person | {"by": owner}
        ),
        lambda: overbooking.overbook(
            slot_id=slots[1].pk, why="urgent", **person | {"by": owner}
        ),
    ]
    for attempt in tries:
        with pytest.raises(NotOfferedError) as refused:
            attempt()
        assert refused.value.reason == "plan"
    with pytest.raises(SeriesError) as short:
        series.book_series(slot_id=slots[1].pk, times=2, at_least=1, **person)
    assert _reasons(short.value.refused)[0] == "plan"
    assert Appointment.objects.count() == 1


def test_staff_are_told_which_plan_and_how_many_and_patients_whom_to_call(full):
    _clinic, _visit, slots = full
    with pytest.raises(NotOfferedError, match=SENTENCE):
        book(slots[1])
    with pytest.raises(NotOfferedError, match=r"“Tiny” has room for 1 new appointment"):
        book(slots[1], as_staff=True)


def test_what_is_not_booked_is_not_offered_and_staff_can_ask_why(full):
    _clinic, visit, slots = full
    now, doctor, service = timezone.now(), visit.doctor, visit.service
    day = slots[0].day
    shown = agenda.day(doctor, day, service=service, now=now)
    assert [view.reason for view in shown] == ["plan"] * len(slots)
    assert (
        agenda.next_free_day(doctor, day - timedelta(1), service=service, now=now)
        is None
    )
    listed = list(Doctor.objects.filter(is_active=True))
    whole = (slots[0].start, slots[-1].end)
    assert agenda.starts(listed, *whole, service=service, now=now) == []
    [found] = explain(doctor, slots[1].start, service, now=now)
    assert (found.code, found.binds) == ("plan", Binds.EVERYBODY)
    assert "“Tiny”" in found.detail


def test_moving_and_cancelling_need_no_room(full):
    _clinic, visit, slots = full
    now = timezone.now()
    shown = agenda.day(
        visit.doctor, slots[0].day, service=visit.service, now=now, is_move=True
    )
    assert [view.can_start for view in shown] == [False, *[True] * 5]
    page = f"/appointments/{visit.reference}/"
    owner = _browser(make.user(role="owner"))
    assert "5 free" in owner.get(f"{page}move/?date={slots[0].day}").text
    moved = owner.post(f"{page}move/", {"slot": slots[2].pk, "sure": "1"})
    assert moved["Location"] == page
    by_desk = {"slot": slots[3].pk, "version": 2}
    address = f"/admin/bookings/appointment/{visit.pk}/move/"
    query = f"?doctor={visit.doctor_id}&day={slots[0].day}"
    assert owner.post(address + query, by_desk).status_code == 302
    visit.refresh_from_db()
    assert visit.start == slots[3].start
    appointments.cancel(appointment_id=visit.pk, by=None, via=VIA)
    limits.forget()  # or half a minute later
    book(slots[0])


def test_who_holds_a_time_was_promised_it(on_plan):
    on_plan(max_appointments=1)
    first, second, third, *_rest = make.slots(make.doctor())
    held = holds.place(slot_id=first.pk, holder="me")
    book(second)
    book(first, hold_token=held.token)
    with pytest.raises(NotOfferedError):
        book(third)


def test_a_series_counts_each_of_its_visits(on_plan):
    on_plan(max_appointments=2)
    doctor = make.doctor()
    start = make.slots(doctor, number=1)[0]
    for week in (1, 2):
        make.slots(doctor, start=start.start + timedelta(weeks=week), number=1)
    made = series.book_series(
        slot_id=start.pk, times=3, at_least=1, patient=make.patient(), by=None, via=VIA
    )
    assert len(made.done) == 2
    assert _reasons(made.refused) == ["plan"]


def test_a_smaller_plan_breaks_nothing_and_a_new_month_begins_anew(full):
    clinic, visit, slots = full
    with platform_context():
        Plan.objects.filter(code="tiny").update(max_appointments=0, max_doctors=0)
    with pytest.raises(NotOfferedError):
        book(slots[1])
    assert _browser(make.user(role="owner")).get("/admin/").status_code == 200
    with platform_context():
        Plan.objects.filter(code="tiny").update(max_appointments=1)
    later = month_of(clinic, timezone.now() + timedelta(days=40)) + timedelta(hours=1)
    coming = make.slots(visit.doctor, start=later + timedelta(days=3))
    book(coming[0], now=later)
    with pytest.raises(NotOfferedError):
        book(coming[1], now=later)


def test_the_month_begins_at_midnight_on_the_clinic_s_clock(clinic, other_clinic):
    instant = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
    assert month_of(clinic, instant) == datetime(2026, 12, 1, tzinfo=UTC)
    assert month_of(other_clinic, instant) == datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_without_a_limit_nothing_is_counted_and_with_one_once_in_a_while(
    on_plan, clinic
):
    now = timezone.now()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert limits.has_room(now)
    assert len(asked) == 0
    on_plan(max_appointments=3)
    with CaptureQueriesContext(connection) as asked:
        for _ in range(50):
            assert limits.has_room(now)
    assert len([each for each in asked if "COUNT" in each["sql"]]) == 1
    slots = make.slots(make.doctor())
    for slot in slots[:3]:
        book(slot)
    with CaptureQueriesContext(connection) as asked:
        assert not limits.has_room(now)  # one's own bookings count at once
    assert len(asked) == 0


# The doors -----------------------------------------------------------------------------


def test_the_page_says_it_and_whom_to_call(full):
    _clinic, visit, slots = full
    guest = Client(headers=HOST)
    home, page = guest.get("/"), f"/doctors/{visit.doctor.slug}/"
    shown = guest.get(f"{page}?date={slots[0].day}")
    refused = guest.post(page, {"slot": slots[1].pk, "service": visit.service.slug})
    assert refused.status_code == 409
    for answer in (home, shown, refused):
        assert SENTENCE.rstrip(".") in answer.text
        assert "020 7946 0118" in answer.text
        assert 'name="slot"' not in answer.text


def test_the_api_says_it(full):
    clinic, _visit, slots = full
    body = {
        "slot": str(slots[1].pk),
        "patient": {"name": "Ada", "email": "a@b.example"},
    }
    guest = Client(headers=HOST)
    answer = guest.post("/api/v1/appointments/", body, "application/json")
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["code"], problem["reason"]) == ("not_offered", "plan")
    assert problem["detail"] == SENTENCE
    token = issue(make.user(role="reception"), clinic.pk).access
    desk = Client(headers=HOST | {"authorization": f"Bearer {token}"})
    answer = desk.post("/api/v1/appointments/", body, "application/json")
    assert "“Tiny”" in answer.json()["detail"]
    assert (
        guest.post("/api/v1/holds/", {"slot": body["slot"]}, "application/json").json()[
            "reason"
        ]
        == "plan"
    )


def test_the_desk_says_it(full):
    _clinic, visit, slots = full
    owner = _browser(make.user(role="owner"))
    asked = f"?doctor={visit.doctor_id}&service={visit.service_id}&day={slots[0].day}"
    shown = owner.get(f"/admin/book/{asked}")
    assert "“Tiny” has room for 1 new appointment a month" in shown.text
    sent = owner.post(f"/admin/book/{asked}", {"slot": slots[1].pk, "who": "new"})
    assert sent.status_code == 200
    assert Appointment.objects.count() == 1


# Doctors -------------------------------------------------------------------------------


def test_no_doctor_more_than_the_plan_has_room_for(on_plan):
    on_plan(max_doctors=2)
    here, away = make.doctor(), make.doctor(is_active=False)
    limits.check_doctors()
    with pytest.raises(DoctorsFullError):
        limits.check_doctors(more=2)
    make.doctor()
    with pytest.raises(DoctorsFullError, match=r"“Tiny” has room for 2 doctors"):
        limits.check_doctors()
    owner = _browser(make.user(role="owner"))
    refused = owner.post(
        "/admin/bookings/doctor/add/", _form_of(here) | {"slug": "new"}
    )
    assert "Your plan “Tiny” has room for 2 doctors" in refused.text
    back = owner.post(f"/admin/bookings/doctor/{away.pk}/change/", _form_of(away))
    assert "Your plan “Tiny” has room for 2 doctors" in back.text
    assert Doctor.objects.filter(is_active=True).count() == 2
    kept = owner.post(f"/admin/bookings/doctor/{here.pk}/change/", _form_of(here))
    assert kept.status_code == 302
    gone = _form_of(here) | {"is_active": ""}
    assert (
        owner.post(f"/admin/bookings/doctor/{here.pk}/change/", gone).status_code == 302
    )
    limits.check_doctors()


# API calls -----------------------------------------------------------------------------


def test_calls_of_a_month_are_counted_and_then_throttled(on_plan, other_clinic):
    clinic = on_plan(max_api_calls=3)
    guest, program = Client(headers=HOST), _program(clinic)
    answers = [program.get("/api/v1/doctors/") for _ in range(5)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429, 429]
    refused = answers[-1].json()
    assert refused["code"] == "throttled"
    assert "“Tiny” has 3 API calls a month" in refused["detail"]
    left = next_month_of(clinic, timezone.now()) - timezone.now()
    assert abs(int(answers[-1]["Retry-After"]) - left.total_seconds()) < 60
    assert limits.api_calls(timezone.now()) == 3
    elsewhere = Client(headers={"host": "harbor.localhost"})
    assert elsewhere.get("/api/v1/doctors/").status_code == 200
    assert guest.get("/").status_code == 200
    assert guest.get("/api/v1/doctors/").status_code == 200  # counts for nothing


def test_without_redis_calls_go_through(on_plan, settings, monkeypatch):
    program = _program(on_plan(max_api_calls=0))
    assert program.get("/api/v1/doctors/").status_code == 429
    monkeypatch.setattr(throttle, "_is_paused", lambda: True)
    assert program.get("/api/v1/doctors/").status_code == 200
    assert limits.api_calls(timezone.now()) == 0


def _program(clinic):
    token = tokens.issue(make.user(role="owner"), clinic.pk).access
    return Client(headers=HOST | {"authorization": f"Bearer {token}"})


def _reasons(refused):
    return [error.reason for _start, error in refused]


def _browser(user):
    client = Client(headers=HOST)
    client.force_login(user)
    return client


def _form_of(doctor):
    inline = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}
    return {
        "name": doctor.name,
        "slug": doctor.slug,
        "specialty": doctor.specialty,
        "languages": "en",
        "position": 0,
        "is_active": "on",
        "services": [doctor.default_service_id],
        "default_service": doctor.default_service_id,
        "location": doctor.location_id,
        "timezone": doctor.timezone,
    } | {f"hours-{name}": value for name, value in inline.items()}
