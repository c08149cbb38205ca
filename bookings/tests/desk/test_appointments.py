"""Cancelling and looking at appointments in the staff's admin."""

from datetime import time

import pytest

from bookings.actions import appointments
from bookings.models import Appointment, AppointmentChange, OutboxMessage, Slot
from bookings.tests import make
from tenants.context import clinic_context

LIST = "/admin/bookings/appointment/"


@pytest.fixture
def doctor(clinic):
    make.practice(cutoff_minutes=24 * 60)
    return make.doctor()


def book(doctor, number=1):
    """Book the first slots of next week, for somebody each."""
    slots = make.slots(doctor, number=number)
    return [
        appointments.book(
            slot_id=slot.pk,
            patient=make.new_patient(name=name),
            by=None,
            via=Appointment.Via.PAGE,
        )
        for slot, name in zip(slots, ["Elif Kaya", "Hana Novak"], strict=False)
    ]


def choose(rows, **more):
    """What a browser sends when rows of the list are ticked, and the question's answer."""
    answer = {f"version:{row.pk}": row.version for row in rows}
    ids = [row.pk for row in rows]
    return {"action": "cancel", "_selected_action": ids, **answer, **more}


def test_cancelling_asks_first_and_says_that_the_patient_is_told(doctor, reception):
    (visit,) = book(doctor)
    page = reception.post(LIST, choose([visit], index=0)).content.decode()
    assert "Reason" in page
    assert "told by mail" in page
    assert "Elif Kaya" in page
    assert Appointment.objects.get().status == "booked"


def test_the_answer_cancels_frees_the_time_and_writes_the_mail(doctor, reception):
    first, second = book(doctor, 2)
    data = choose([first, second], post="yes", note="The doctor is ill.")
    response = reception.post(LIST, data, follow=True)
    assert "2 appointments are cancelled." in response.content.decode()
    assert set(Appointment.objects.values_list("status", flat=True)) == {"cancelled"}
    assert not Slot.objects.exclude(appointment=None).exists()
    changes = AppointmentChange.objects.filter(kind="cancelled")
    assert {(c.by_id, c.via, c.reason) for c in changes} == {
        (reception.user.pk, "desk", "The doctor is ill.")
    }
    assert OutboxMessage.objects.filter(change__kind="cancelled").count() == 2


def test_rows_that_cannot_be_cancelled_are_named_and_the_others_are(doctor, reception):
    first, second = book(doctor, 2)
    seen = choose([first, second], post="yes")
    appointments.cancel(appointment_id=first.pk, by=None, via=Appointment.Via.PAGE)
    seen[f"version:{first.pk}"] = 2
    page = reception.post(LIST, seen, follow=True).content.decode()
    assert f"{first.reference}, {first.patient}" in page
    assert "was cancelled before" in page
    assert "1 appointment is cancelled." in page


def test_what_has_changed_since_it_was_seen_is_not_cancelled(doctor, reception):
    (visit,) = book(doctor)
    Appointment.objects.update(version=5)
    page = reception.post(LIST, choose([visit], post="yes"), follow=True)
    assert "changed a moment ago" in page.content.decode()
    assert Appointment.objects.get().status == "booked"


def test_the_page_of_one_appointment_cancels_it(doctor, reception):
    (visit,) = book(doctor)
    page = f"{LIST}{visit.pk}/cancel/"
    assert (
        f"{visit.pk}/cancel/"
        in reception.get(f"{LIST}{visit.pk}/change/").content.decode()
    )
    assert "told by mail" in reception.get(page).content.decode()
    data = {"post": "yes", "note": "Asked by phone", f"version:{visit.pk}": 1}
    response = reception.post(page, data, follow=True)
    assert response.redirect_chain == [(f"{LIST}{visit.pk}/change/", 302)]
    assert "Asked by phone" in response.content.decode()
    assert Appointment.objects.get().status == "cancelled"


def test_looking_at_the_question_cancels_nothing(doctor, reception):
    (visit,) = book(doctor)
    reception.get(f"{LIST}{visit.pk}/cancel/", {"post": "yes"})
    assert Appointment.objects.get().status == "booked"


def test_a_doctor_cannot_cancel(doctor, as_):
    (visit,) = book(doctor)
    browser = as_("doctor")
    type(doctor).objects.update(user=browser.user)
    browser.post(LIST, choose([visit], post="yes"))
    assert browser.post(f"{LIST}{visit.pk}/cancel/", {"post": "yes"}).status_code == 403
    assert Appointment.objects.get().status == "booked"


def test_no_form_writes_the_state_of_an_appointment(doctor, owner):
    (visit,) = book(doctor)
    data = {"status": "cancelled", "version": 9, "reference": "X", "_save": "1"}
    assert owner.post(f"{LIST}{visit.pk}/change/", data).status_code == 403
    assert owner.post(f"{LIST}{visit.pk}/delete/", {"post": "yes"}).status_code == 403
    assert owner.post(LIST, {"action": "delete_selected", "_selected_action": visit.pk})
    assert Appointment.objects.get().status == "booked"


def test_the_clock_of_the_place_is_named(clinic, owner):
    make.practice()
    abroad = make.doctor(timezone="Asia/Tokyo")
    start = make.at(abroad, make.next_week(abroad), time(10, 40))
    slot = make.slots(abroad, start=start, number=1)[0]
    appointments.book(
        slot_id=slot.pk, patient=make.new_patient(), by=None, via=Appointment.Via.PAGE
    )
    assert "10:40 JST (Tokyo)" in owner.get(LIST).content.decode()
    assert "10:40 JST (Tokyo)" in owner.get("/admin/bookings/slot/").content.decode()
    form = f"{LIST}{Appointment.objects.get().pk}/change/"
    page = owner.get(form).content.decode()
    assert "10:40 JST (Tokyo)" in page
    assert page.count("(London)") >= 2  # when it was made, on the clinic's clock


@pytest.mark.parametrize("typed", ["reference", "name", "email", "phone"])
def test_search_finds_by_what_people_say_on_the_phone(doctor, reception, typed):
    first, second = book(doctor, 2)
    patient = second.patient
    type(patient).objects.filter(pk=patient.pk).update(phone="+441632960118")
    words = {
        "reference": second.reference.lower(),
        "name": "novak",
        "email": patient.email,
        "phone": "1632960118",
    }[typed]
    page = reception.get(LIST, {"q": words}).content.decode()
    assert second.reference in page
    assert first.reference not in page


@pytest.mark.parametrize(
    "name", ["appointment", "slot", "patient", "doctor", "outboxmessage"]
)
def test_three_rows_cost_as_many_queries_as_one(
    doctor, owner, name, django_assert_max_num_queries
):
    book(doctor)
    page = f"/admin/bookings/{name}/"
    owner.get(page)
    with django_assert_max_num_queries(40) as one:
        owner.get(page)
    count = len(one.captured_queries)
    for _ in range(2):
        other = make.doctor()
        other.services.add(make.service())
        book(other)
    with django_assert_max_num_queries(count):
        owner.get(page)


def test_the_same_appointment_of_another_clinic_is_not_cancelled(
    doctor, reception, other_clinic
):
    with clinic_context(other_clinic):
        make.practice()
        (theirs,) = book(make.doctor())
    page = f"{LIST}{theirs.pk}/cancel/"
    assert reception.post(page, {"post": "yes"}).status_code == 302
    reception.post(LIST, choose([theirs], post="yes"))
    with clinic_context(other_clinic):
        assert Appointment.objects.get().status == "booked"
