"""Patients, doctors and staff accounts in the staff's admin."""

import pytest

from accounts.models import User
from bookings.actions import appointments
from bookings.models import Appointment, Doctor, Patient
from bookings.tests import make

PATIENTS = "/admin/bookings/patient/"
USERS = "/admin/accounts/user/"
LONG = "five-old-boots-under-ice"


@pytest.fixture
def visit(clinic):
    make.practice()
    slot = make.slots(make.doctor(), number=1)[0]
    return appointments.book(
        slot_id=slot.pk,
        patient=make.new_patient(name="Elif Kaya"),
        by=None,
        via=Appointment.Via.PAGE,
    )


def test_the_list_of_patients_shows_their_next_appointment(visit, reception):
    page = reception.get(PATIENTS).content.decode()
    assert f"{visit.local_start:%H:%M %Z} (London)" in page


def test_a_patient_with_appointments_stays(visit, owner):
    page = f"{PATIENTS}{visit.patient.pk}/delete/"
    for answer in (owner.get(page), owner.post(page, {"post": "yes"})):
        assert answer.status_code == 302
    said = owner.get(f"{PATIENTS}{visit.patient.pk}/change/").content.decode()
    assert "is in use and stays" in said
    assert Patient.objects.exists()


def test_a_patient_without_any_may_go(clinic, owner):
    patient = make.patient()
    owner.post(f"{PATIENTS}{patient.pk}/delete/", {"post": "yes"})
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"phone": "+44 (1632) 960-118"}, "+441632960118"),
        ({"phone": "01632 960118"}, None),
        ({"phone": "+44"}, None),
        ({"name": ""}, None),
        ({"name": "a\x00b"}, None),
        ({"email": "not-one"}, None),
        ({"date_of_birth": "9999-12-31"}, None),
        ({"date_of_birth": "0001-01-01"}, None),
        ({"guardian": "nobody"}, None),
    ],
)
def test_what_is_typed_about_a_patient_is_checked(clinic, reception, typed, kept):
    data = {"name": "Elif Kaya", "email": "", "phone": "", "language": ""} | typed
    response = reception.post(f"{PATIENTS}add/", data)
    if kept:
        assert Patient.objects.get().phone == kept
    else:
        assert response.status_code == 200
        assert not Patient.objects.exists()


def test_a_patient_is_not_their_own_guardian(clinic, reception):
    patient = make.patient()
    data = {"name": "Elif Kaya", "guardian": patient.pk}
    reception.post(f"{PATIENTS}{patient.pk}/change/", data)
    patient.refresh_from_db()
    assert patient.guardian is None


def test_a_doctor_with_slots_stays(visit, owner):
    owner.post(f"/admin/bookings/doctor/{visit.doctor.pk}/delete/", {"post": "yes"})
    assert Doctor.objects.exists()


def test_the_default_service_is_one_of_the_doctors(visit, owner):
    page = f"/admin/bookings/doctor/{visit.doctor.pk}/change/"
    other = make.service()
    data = {
        "title": "Dr",
        "name": "Amara",
        "specialty": "Skin",
        "slug": "amara",
        "languages": "en",
        "position": 0,
        "is_active": "on",
        "bio": "",
        "services": [visit.service.pk],
        "default_service": other.pk,
        "location": visit.location.pk,
        "timezone": "Europe/London",
        "hours-TOTAL_FORMS": 0,
        "hours-INITIAL_FORMS": 0,
    }
    refused = owner.post(page, data)
    assert "one of the services of this doctor" in refused.content.decode()
    nowhere = owner.post(page, data | {"timezone": "../../etc/passwd"})
    assert nowhere.status_code == 200
    assert (
        owner.post(page, data | {"default_service": visit.service.pk}).status_code
        == 302
    )
    assert Doctor.objects.get().specialty == "Skin"


def test_a_portrait_can_run_nothing(visit, owner):
    Doctor.objects.update(portrait_svg="<svg><script>alert(1)</script></svg>")
    page = owner.get(f"/admin/bookings/doctor/{visit.doctor.pk}/change/")
    assert "<script>alert" not in page.content.decode()
    assert "data:image/svg+xml;base64," in page.content.decode()


def new_account(**fields):
    return {
        "name": "Rita Field",
        "email": "Rita@Riverside.example",
        "role": "reception",
        "password1": LONG,
        "password2": LONG,
    } | fields


def test_an_owner_adds_staff_who_can_log_in(clinic, owner):
    owner.post(f"{USERS}add/", new_account())
    rita = User.objects.get(email="rita@riverside.example")
    assert rita.role == "reception"
    assert rita.check_password(LONG)


@pytest.mark.parametrize(
    "typed",
    [
        {"role": "operator"},
        {"role": "patient"},
        {"role": ""},
        {"email": "OWNER@riverside.example"},
        {"email": "x\x00@riverside.example"},
        {"password1": "short", "password2": "short"},
        {"password2": "another-long-password"},
        {"password1": "", "password2": ""},
    ],
)
def test_accounts_that_cannot_be_are_refused_in_words(as_, typed):
    owner = as_("owner", email="owner@riverside.example")
    response = owner.post(f"{USERS}add/", new_account(**typed))
    assert response.status_code == 200
    assert User.objects.count() == 1


def test_the_last_owner_stays_one(clinic, owner):
    page = f"{USERS}{owner.user.pk}/change/"
    data = {"name": "Olga", "email": owner.user.email, "is_active": "on"}
    for change in ({"role": "reception"}, {"role": "owner", "is_active": ""}):
        typed = {key: value for key, value in (data | change).items() if value}
        assert "Name another one first" in owner.post(page, typed).content.decode()
    make.user(role="owner")
    assert owner.post(page, data | {"role": "reception"}).status_code == 302
    owner.user.refresh_from_db()
    assert owner.user.role == "reception"


def test_an_owner_sets_the_password_of_staff_and_not_of_patients(clinic, owner):
    rita, elif_ = make.user(role="reception"), make.user(role="patient")
    data = {"password1": LONG, "password2": LONG}
    owner.post(f"{USERS}{rita.pk}/password/", data)
    assert owner.post(f"{USERS}{elif_.pk}/password/", data).status_code == 403
    assert User.objects.get(pk=rita.pk).check_password(LONG)
    assert not User.objects.get(pk=elif_.pk).check_password(LONG)
    assert owner.get(f"{USERS}{rita.pk}/set_password/", follow=True).status_code == 200


def test_of_a_patients_account_only_the_switch_is_the_owners(clinic, owner):
    patient = make.user(role="patient", name="Elif")
    data = {"name": "Other", "email": "o@mail.example", "role": "owner"}
    owner.post(f"{USERS}{patient.pk}/change/", data)
    patient.refresh_from_db()
    assert (patient.name, patient.role, patient.is_active) == ("Elif", "patient", False)


def test_accounts_are_never_deleted(clinic, owner):
    rita = make.user(role="reception")
    assert owner.post(f"{USERS}{rita.pk}/delete/", {"post": "yes"}).status_code == 403


def test_what_was_saved_is_in_the_log_of_this_clinic(clinic, owner):
    owner.post(f"{PATIENTS}add/", {"name": "Elif Kaya"})
    page = owner.get(f"{PATIENTS}{Patient.objects.get().pk}/history/").content.decode()
    assert "Olga Owner" in page
    assert "(Europe/London)" in page
