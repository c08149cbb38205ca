"""The day of the visit at the desk: arrived, completed, did not come, and undone."""

from datetime import UTC, datetime, timedelta

import pytest

from bookings.actions import appointments, visits
from bookings.actions.overbooking import overbook
from bookings.desk import visiting
from bookings.models import Appointment, AppointmentChange, Slot
from bookings.tests import make

LIST = "/admin/bookings/appointment/"
DESK = Appointment.Via.DESK
Kind = AppointmentChange.Kind


@pytest.fixture
def doctor(clinic):
    make.practice()
    return make.doctor()


@pytest.fixture
def visit(doctor):
    """A visit that is going on."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
    return book(make.slots(doctor, start=start, number=1)[0])


def book(slot):
    return appointments.book(
        slot_id=slot.pk, patient=make.new_patient(), by=None, via=DESK, as_staff=True
    )


def page(browser, visit):
    return browser.get(f"{LIST}{visit.pk}/change/").content.decode()


def press(browser, visit, step, version=None):
    """Press a button of the page that shows `version`."""
    seen = visit.version if version is None else version
    data = {"step": step, f"version:{visit.pk}": seen}
    response = browser.post(f"{LIST}{visit.pk}/step/", data, follow=True)
    visit.refresh_from_db()
    return response.content.decode()


def offered(text):
    return {step for step in visiting.NAMES if f'name="step" value="{step}"' in text}


def test_the_day_goes_its_way_and_back(visit, reception):
    said = press(reception, visit, "arrived")
    assert f"{visit.patient}: Arrived." in said
    press(reception, visit, "completed")
    assert visit.status == "completed"
    press(reception, visit, "undo")
    assert visit.status == "arrived"
    press(reception, visit, "no_show")
    assert visit.status == "no_show"
    lines = visit.history.order_by("version")
    assert [each.kind for each in lines][1:] == [
        "arrived",
        "completed",
        "undone",
        "no_show",
    ]
    assert {each.by_id for each in lines[1:]} == {reception.user.pk}


@pytest.mark.parametrize("status", Appointment.Status.values)
def test_the_buttons_are_those_that_can_be_pressed(visit, reception, status):
    reach(visit, status)
    shown = offered(page(reception, visit))
    for step in reversed(visiting.NAMES):  # undo first, while the history fits
        before = visit.version
        press(reception, visit, step)
        assert (visit.version > before) == (step in shown), step
        Appointment.objects.filter(pk=visit.pk).update(status=status)
        visit.refresh_from_db()


def reach(visit, status):
    if status == "cancelled":
        appointments.cancel(appointment_id=visit.pk, by=None, via=DESK, as_staff=True)
    elif status != "booked":
        visits.mark(appointment_id=visit.pk, step=Kind(status), by=None, via=DESK)
    visit.refresh_from_db()


def test_nobody_has_missed_a_visit_that_is_still_to_come(doctor, reception):
    coming = book(make.slots(doctor, number=1)[0])
    assert offered(page(reception, coming)) == {"arrived"}
    assert "has not begun yet" in press(reception, coming, "no_show")
    assert coming.status == "booked"


def test_a_stale_page_changes_nothing_and_says_so(visit, reception):
    press(reception, visit, "arrived")
    said = press(reception, visit, "completed", version=1)
    assert "This was changed a moment ago" in said
    assert visit.status == "arrived"


def test_opening_the_address_of_a_button_changes_nothing(visit, reception):
    address = f"{LIST}{visit.pk}/step/"
    reception.get(address, {"step": "arrived", f"version:{visit.pk}": 1})
    visit.refresh_from_db()
    assert visit.status == "booked"


@pytest.mark.parametrize("step", ["arrived", "completed", "no_show"])
def test_the_list_marks_what_is_ticked_as_it_was_seen(visit, reception, step):
    shown = reception.get(LIST, {"when": "today"}).content.decode()
    assert f'name="version:{visit.pk}" value="1"' in shown
    data = {
        "action": f"mark_{step}",
        "_selected_action": [visit.pk],
        f"version:{visit.pk}": 1,
    }
    reception.post(LIST, data)
    visit.refresh_from_db()
    assert visit.status == step
    assert (
        "changed a moment ago"
        in reception.post(LIST, data, follow=True).content.decode()
    )


def test_a_doctor_presses_none_of_them(visit, as_):
    browser = as_("doctor")
    type(visit.doctor).objects.update(user=browser.user)
    assert not offered(page(browser, visit))
    address = f"{LIST}{visit.pk}/step/"
    data = {"step": "arrived", f"version:{visit.pk}": 1}
    assert browser.post(address, data).status_code == 403
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_undoing_a_no_show_whose_time_went_to_somebody_is_refused(visit, reception):
    press(reception, visit, "no_show")
    Slot.objects.update(appointment=None)  # given back by hand
    book(Slot.objects.get())
    said = press(reception, visit, "undo")
    assert "Someone else has just taken this time." in said
    assert visit.status == "no_show"


def test_an_overbooked_visit_is_marked_with_its_reason(visit, reception):
    squeezed = overbook(
        slot_id=Slot.objects.get().pk,
        patient=make.new_patient(),
        by=reception.user,
        via=DESK,
        why="Fell off a ladder",
    )
    for shown in (page(reception, squeezed), reception.get(LIST).content.decode()):
        assert "Overbooked" in shown
        assert "Fell off a ladder" in shown
    assert "Fell off a ladder" not in page(reception, visit)
