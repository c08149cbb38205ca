"""Times that must be refused whoever asks and however, and times that must not."""

from datetime import time, timedelta

import pytest

from bookings.actions import appointments, slots
from bookings.errors import NotOfferedError, PatientBusyError, SlotTakenError
from bookings.models import Appointment, Doctor, Slot, TimeOff
from bookings.tests import make
from bookings.tests.field.stage import ADA, book, ids, link_to, offered
from bookings.tests.pages import walking

DESK = Appointment.Via.DESK


def test_a_three_hour_visit_at_half_past_nine_takes_the_starts_before_it_too(guest):
    """Scenario 7: a 3 h service is booked at 9:30, and the grid still offers 9:00.

    django-appointment #261.
    """
    long = make.service(minutes=180)
    doctor = make.doctor(services=[make.service(minutes=30), long])
    start = make.at(doctor, make.next_week(doctor), time(8))
    half_hours = make.slots(doctor, start=start, number=16, minutes=30)  # to 16:00
    book(half_hours[3], service=long)  # 9:30 to 12:30

    starts = offered(guest, half_hours[0].day, service=long.pk)
    nine = {"slot": ids(half_hours)[2], "service": str(long.pk), "patient": ADA}
    asked = guest.post("appointments/", nine)

    assert starts == ids(half_hours[9:11])  # 12:30 and 13:00
    assert (asked.status_code, asked.json()["code"]) == (409, "slot_taken")


def test_what_lies_inside_a_slot_takes_the_whole_slot(guest):
    """Scenario 7: an event that begins and ends inside a slot is not seen.

    Nextcloud calendar #6439.
    """
    doctor = make.doctor(services=[make.service(minutes=20), make.service(minutes=60)])
    day = make.next_week(doctor)
    hours = make.hours(doctor, weekday=day.weekday(), opens=time(10), closes=time(11))
    slots.publish()
    book(Slot.objects.get(start=make.at(doctor, day, time(10, 20))))
    away = make.at(doctor, day, time(9, 20))
    TimeOff.objects.create(doctor=doctor, start=away, end=away + timedelta(minutes=20))
    hours.delete()
    make.hours(doctor, weekday=day.weekday(), closes=time(12), slot_minutes=60)

    slots.publish()

    for service in doctor.services.all():
        starts = Slot.objects.filter(pk__in=offered(guest, day, service=service.pk))
        assert [slot.start for slot in starts] == [make.at(doctor, day, time(11))]


def test_two_doctors_give_the_same_service_at_the_same_time_to_two_people(guest):
    """Scenario 8: one booking of a service at a time refuses the second free clinician.

    olivierlambert/calrs #146 (unique service and start); cal.com #17693 (the API).
    """
    service = make.service()
    same_time = [make.slots(make.doctor(services=[service]))[0] for _ in range(2)]

    def ask(slot):
        wish = {"slot": str(slot.pk), "service": str(service.pk), "patient": ADA}
        return guest.post("appointments/", wish).status_code

    assert [ask(slot) for slot in same_time] == [201, 201]
    assert [ask(slot) for slot in same_time] == [409, 409]
    assert Appointment.objects.values("start").distinct().count() == 1


@pytest.mark.parametrize("n", [1, 3])
def test_an_edited_address_books_nothing_inside_a_buffer(clinic_client, guest, n):
    """Scenario 9: the page does not offer the time, but an edited URL books it.

    cal.com #14868.
    """
    tight = make.service(buffer_before_minutes=10, buffer_after_minutes=10)
    day = make.slots(make.doctor(services=[tight]))
    book(day[2])
    visit = book(day[5])
    wish = {"slot": str(day[n].pk), "patient": ADA}

    page = clinic_client.get(walking.day_of(day[n])).content.decode()
    pressed = walking.choose(clinic_client, day[n])
    held, asked = guest.post("holds/", wish), guest.post("appointments/", wish)
    moved = clinic_client.post(link_to(visit, "move/"), wish | {"sure": "1"})

    assert f'value="{day[n].pk}"' not in page
    assert [pressed.status_code, moved.status_code] == [409, 409]
    for answer in (held, asked):
        assert (answer.status_code, answer.json()["reason"]) == (409, "buffer")
    visit.refresh_from_db()
    assert visit.start == day[5].start
    assert Appointment.objects.count() == 2


@pytest.mark.parametrize(
    ("n", "error"),
    [(2, SlotTakenError), (1, NotOfferedError), (3, NotOfferedError)],
)
def test_staff_cannot_book_or_move_onto_a_visit_or_its_buffer(
    reception, desk, n, error
):
    """Scenario 10: the screens of staff bypass every check.

    Easy!Appointments #1783, #1431.
    """
    tight = make.service(buffer_before_minutes=10, buffer_after_minutes=10)
    day = make.slots(make.doctor(services=[tight]), number=8)
    book(day[2])
    visit = book(day[6])
    asked = f"?doctor={visit.doctor_id}&service={tight.pk}&day={day[0].day}"
    typed = {"slot": day[n].pk, "who": "new", "name": "Hana", "phone": "+441632960118"}

    page = reception.post(f"/admin/book/{asked}", typed)
    sent = desk.post("appointments/", {"slot": str(day[n].pk), "patient": ADA})
    moved = desk.post(f"appointments/{visit.pk}/reschedule/", {"slot": str(day[n].pk)})

    assert "not free any more" in page.content.decode()
    assert [sent.status_code, moved.status_code] == [409, 409]
    assert {sent.json()["code"], moved.json()["code"]} == {error.code}
    with pytest.raises(error):
        book(day[n], as_staff=True)
    assert Appointment.objects.count() == 2


def test_staff_cannot_book_another_doctors_service_or_a_busy_patient(reception, desk):
    """Scenario 10: the screens of staff bypass every check.

    Easy!Appointments #1783, #1431.
    """
    one, *_ = make.slots(make.doctor())
    other, *_ = make.slots(make.doctor())
    known = make.patient(name="Elif Kaya")
    book(one, patient=known)
    service = other.doctor.default_service
    asked = f"?doctor={other.doctor_id}&service={service.pk}&day={other.day}"

    page = reception.post(
        f"/admin/book/{asked}&patient=kaya", {"slot": other.pk, "who": known.pk}
    )
    foreign = {"service": str(one.doctor.default_service_id), "patient": ADA}
    sent = desk.post("appointments/", {"slot": str(other.pk)} | foreign)

    assert "already has an appointment at that time" in page.content.decode()
    assert (sent.status_code, sent.json()["reason"]) == (409, "service")
    with pytest.raises(PatientBusyError):
        book(other, patient=known, as_staff=True)
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    ("start", "minutes"),
    [(2, 40), (1, 80), (2, 20), (3, 20), (1, 40), (3, 40)],
    ids=["same", "around", "head", "tail", "into", "out of"],
)
def test_one_person_is_never_with_two_doctors_at_once(start, minutes):
    """Scenario 11: one patient at the same time with two doctors.

    Easy!Appointments #160, whose own check looks for containment, not for overlap;
    OpenEMR #2632.
    """
    person = make.patient()
    day = make.slots(make.doctor(services=[make.service(minutes=40)]))
    book(day[2], patient=person)
    other = make.slots(make.doctor(services=[make.service(minutes=minutes)]), number=12)
    elsewhere = book(other[8], patient=person)

    with pytest.raises(PatientBusyError):
        book(other[start], patient=person)
    with pytest.raises(PatientBusyError):
        appointments.reschedule(
            appointment_id=elsewhere.pk, slot_id=other[start].pk, by=None, via=DESK
        )
    assert book(other[start])  # for somebody else the time is free


def test_one_person_may_go_from_one_doctor_straight_to_the_next():
    """Scenario 11: one patient at the same time with two doctors, and the reverse of it.

    Easy!Appointments #160.
    """
    person = make.patient()
    long = make.service(minutes=40)
    one, other = (make.slots(make.doctor(services=[long])) for _ in range(2))

    assert book(one[2], patient=person)
    assert book(other[0], patient=person).end == one[2].start
    assert book(other[4], patient=person).start == one[4].start


@pytest.mark.parametrize("change", ["doctor away", "not theirs", "not any more"])
def test_who_stopped_between_hold_and_confirmation_is_not_booked(
    clinic_client, guest, change
):
    """Scenario 12: a required second host is not available, and is booked anyway.

    cal.com #22253. A visit has one host here; the nearest is a doctor who stopped
    taking patients, or offering the service, while the form was open.
    """
    service = make.service()
    doctor = make.doctor(services=[service, make.service()])
    pressed, held, *_ = make.slots(doctor)
    form = walking.hold(clinic_client, pressed)
    token = guest.post("holds/", {"slot": str(held.pk)}).json()["token"]
    match change:
        case "doctor away":
            Doctor.objects.filter(pk=doctor.pk).update(is_active=False)
        case "not theirs":
            doctor.services.remove(service)
        case "not any more":
            type(service).objects.filter(pk=service.pk).update(is_active=False)

    page = clinic_client.post(form, walking.GUEST)
    wish = {"slot": str(held.pk), "hold": token, "patient": ADA}
    answer = guest.post("appointments/", wish)

    assert page.status_code == 409
    assert (answer.status_code, answer.json()["reason"]) == (409, "service")
    assert not Appointment.objects.exists()
