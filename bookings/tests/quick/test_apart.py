"""What one clinic was shown from memory, another never is: ids and addresses are equal."""

import pytest

from bookings.models import Appointment, Doctor, Slot
from bookings.tests import make
from bookings.tests.quick.asking import Program, ask
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic

SAME = "01a20868-6c4d-7044-be01-37e3619dae45"


@pytest.fixture
def both(committed):
    """Two clinics with a doctor of the same id, each with a free time of the same id."""
    with platform_context():
        clinics = [committed, Clinic.objects.get(slug="harbor")]
    for clinic in clinics:
        with clinic_context(clinic):
            make.practice()
            name = f"Okonkwo of {clinic.slug}"
            doctor = make.doctor(id=SAME, slug="okonkwo", name=name)
            slot = make.slots(doctor, number=1)[0]
            Slot.objects.filter(pk=slot.pk).update(id=SAME)
    return [Program(clinic) for clinic in clinics]


def test_each_clinic_shows_its_own_page(both):
    pages = [each.reading("/doctors/okonkwo/", "") for each in both]

    first, second, third, fourth = ask([*pages, *pages])

    for reply in (first, third):
        assert b"Okonkwo of riverside" in reply.body
        assert b"harbor" not in reply.body
    for reply in (second, fourth):
        assert b"Okonkwo of harbor" in reply.body
        assert b"riverside" not in reply.body
    assert not any(r.by_django for r in (first, second, third, fourth))


def test_a_time_that_is_taken_here_is_free_there(both):
    here, there = both
    guest = {"name": "Can Kaya", "email": "can@mail.example"}
    booked = here.post({"slot": SAME, "patient": guest})

    lists = [
        each.reading("/api/v1/slots/", f"doctor={SAME}&to={_far()}") for each in both
    ]
    taken, free = ask(lists)

    assert booked.status == 201
    assert [r["status"] for r in taken.json()["results"]] == ["booked"]
    assert [r["status"] for r in free.json()["results"]] == ["free"]
    with clinic_context(there.clinic):
        assert Appointment.objects.count() == 0


def _far():
    return f"{make.next_week(Doctor.objects.get()):%Y-%m-%d}"
