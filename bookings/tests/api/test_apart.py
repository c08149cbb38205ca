"""Two clinics, equal people: neither knows anything of the other's."""

from django.test import Client

from accounts.tokens import issue
from bookings.models import Appointment
from bookings.tests import make
from tenants.context import clinic_context

PATHS = ("appointments/", "doctors/", "slots/")


def test_what_is_the_other_clinics_does_not_exist_here(
    patient, desk, person, other_clinic
):
    with clinic_context(other_clinic):
        make.practice()
        slot = make.slots(make.doctor())[0]
        theirs = Appointment.objects.create(**_visit_on(slot))
    paths = (
        f"doctors/{slot.doctor_id}/",
        f"slots/{slot.pk}/",
        f"services/{slot.doctor.default_service_id}/",
        f"appointments/{theirs.pk}/",
    )
    wish = {"slot": str(slot.pk), "patient": person}

    for caller in (patient, desk):
        answers = [caller.get(path) for path in paths]
        answers += [caller.post(f"appointments/{theirs.pk}/cancel/")]
        answers += [caller.post("appointments/", wish), caller.post("holds/", wish)]

        assert {answer.status_code for answer in answers} == {404}
        assert {answer.json()["code"] for answer in answers} == {"not_found"}


def test_the_same_id_at_both_clinics_is_two_people(elif_kaya, clinic, other_clinic):
    with clinic_context(other_clinic):
        make.user(id=elif_kaya.pk, email=elif_kaya.email)
    headers = _headers(issue(elif_kaya, clinic.pk).access, other_clinic)

    answers = [Client(headers=headers).get(f"/api/v1/{path}") for path in PATHS]

    assert {answer.status_code for answer in answers} == {401}


def test_wrong_passwords_here_do_not_close_the_account_there(
    guest, elif_kaya, other_clinic
):
    wrong = {"email": elif_kaya.email, "password": "not it"}
    here = [guest.post("auth/token/", wrong) for _ in range(12)]
    there = Client(headers={"host": f"{other_clinic.slug}.localhost"})

    answer = there.post("/api/v1/auth/token/", wrong, "application/json")

    assert here[-1].status_code == 429
    assert answer.status_code == 401


def test_a_token_ends_with_its_password_and_with_its_account(elif_kaya, clinic):
    caller = Client(headers=_headers(issue(elif_kaya, clinic.pk).access, clinic))

    assert caller.get("/api/v1/appointments/").status_code == 200
    elif_kaya.set_password("another-password-9876")
    elif_kaya.save()
    assert caller.get("/api/v1/appointments/").status_code == 401

    caller = Client(headers=_headers(issue(elif_kaya, clinic.pk).access, clinic))
    assert caller.get("/api/v1/appointments/").status_code == 200
    elif_kaya.is_active = False
    elif_kaya.save()
    assert caller.get("/api/v1/appointments/").status_code == 401


def _headers(token, clinic):
    return {"host": f"{clinic.slug}.localhost", "authorization": f"Bearer {token}"}


def _visit_on(slot):
    return {
        "doctor": slot.doctor,
        "service": slot.doctor.default_service,
        "location": slot.location,
        "patient": make.patient(),
        "start": slot.start,
        "end": slot.end,
        "occupied": (slot.start, slot.end),
        "wall_start": "",
        "zone": "Europe/London",
        "original_slots": [slot.pk],
        "booked_via": Appointment.Via.API,
    }
