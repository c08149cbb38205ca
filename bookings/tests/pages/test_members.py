"""People with an account book for themselves and for their family."""

from django.test import Client

from accounts.models import User
from bookings.models import Appointment, Patient, Slot
from bookings.tests import make
from bookings.tests.pages import walking


def test_a_member_books_for_herself_and_for_her_son(
    clinic_client: Client, slots: list[Slot], elif_: User, deniz: Patient
):
    clinic_client.force_login(elif_)
    own = clinic_client.post(walking.hold(clinic_client, slots[0]), {"who": "me"})
    his = clinic_client.post(walking.hold(clinic_client, slots[1]), {"who": deniz.pk})

    assert (own.status_code, his.status_code) == (302, 302)
    names = Appointment.objects.order_by("start").values_list(
        "patient__name", flat=True
    )
    assert list(names) == ["Elif Kaya", "Deniz Kaya"]


def test_a_member_without_a_record_gets_one(clinic_client: Client, slots: list[Slot]):
    newcomer = make.user(name="Ada Byron", email="ada@mail.example")
    clinic_client.force_login(newcomer)

    clinic_client.post(walking.hold(clinic_client, slots[0]), {"who": "me"})

    assert Appointment.objects.get().patient.user == newcomer


def test_somebody_else_joins_the_family_once(
    clinic_client: Client, slots: list[Slot], elif_: User
):
    clinic_client.force_login(elif_)
    typed = {"who": "other", "name": "Mina Kaya", "dob": "1 2 2020"}
    for slot in slots[:2]:
        clinic_client.post(walking.hold(clinic_client, slot), typed)

    mina = Patient.objects.get(name="Mina Kaya")
    assert mina.guardian is not None
    assert mina.guardian.user == elif_
    assert mina.appointments.count() == 2


def test_nobody_books_for_somebody_elses_family(
    clinic_client: Client, slots: list[Slot], elif_: User
):
    stranger = make.patient()
    clinic_client.force_login(elif_)

    url = walking.hold(clinic_client, slots[0])
    answer = clinic_client.post(url, {"who": str(stranger.pk)})

    assert answer.status_code == 422
    assert "Choose who the visit is for" in answer.content.decode()


def test_a_person_is_in_one_place_at_a_time(
    clinic_client: Client, slots: list[Slot], elif_: User
):
    other = make.doctor()
    same_time = make.slots(other, start=slots[0].start, number=1)[0]
    clinic_client.force_login(elif_)
    clinic_client.post(walking.hold(clinic_client, slots[0]), {"who": "me"})

    answer = clinic_client.post(walking.hold(clinic_client, same_time), {"who": "me"})

    assert answer.status_code == 409
    assert "already has an appointment" in answer.content.decode()
