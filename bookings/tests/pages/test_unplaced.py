"""A visit whose time the clinic had to take away, as its patient sees it."""

from datetime import timedelta

import pytest

from bookings.actions import appointments, entries
from bookings.actions.entries import Actor
from bookings.models import Appointment, Slot
from bookings.tests import make


@pytest.fixture
def member(clinic_client):
    user = make.user()
    clinic_client.force_login(user)
    clinic_client.patient = make.patient(user=user)
    return clinic_client


@pytest.fixture
def visit(member):
    """A visit of a member whose time is gone, past the clinic's cut-off."""
    make.practice(cutoff_minutes=60 * 24 * 30)
    slot, *_ = make.slots(make.doctor())
    made = appointments.book(
        slot_id=slot.pk, patient=member.patient, by=None, via=Appointment.Via.DESK
    )
    rows = list(Slot.objects.filter(pk=slot.pk))
    now = made.created_at + timedelta(minutes=1)
    entries.unplace(made, rows, Actor(None, Appointment.Via.DESK), now)
    return made


def test_the_page_says_so_and_leads_to_another_time(member, visit):
    page = member.get(f"/appointments/{visit.reference}/").content.decode()
    assert "This visit needs a new time." in page
    assert f"/appointments/{visit.reference}/move/" in page
    assert "too late" not in page
    assert "needs a new time" in member.get("/appointments/").content.decode()


def test_the_patient_moves_it_whatever_the_cut_off(member, visit):
    later = Slot.objects.filter(appointment=None).order_by("-start")[0]
    move = f"/appointments/{visit.reference}/move/"

    answer = member.post(move, {"slot": str(later.pk), "sure": "1"})

    visit.refresh_from_db()
    assert answer.status_code == 302
    assert (visit.start, visit.is_unplaced) == (later.start, False)
    page = member.get(f"/appointments/{visit.reference}/").content.decode()
    assert "needs a new time" not in page


def test_its_old_time_can_be_chosen_again_if_it_is_free(member, visit):
    old = Slot.objects.get(start=visit.start)
    move = f"/appointments/{visit.reference}/move/"

    member.post(move, {"slot": str(old.pk), "sure": "1"})

    old.refresh_from_db()
    assert old.appointment == visit


def test_a_time_for_new_patients_says_so(clinic_client):
    make.practice()
    slot, *_ = make.slots(make.doctor(), new_patients_only=True)
    address = f"/doctors/{slot.doctor.slug}/?date={slot.day}"
    page = clinic_client.get(address).content.decode()
    assert "<small>New patients</small>" in page
