"""Steps done once more: sent twice, from two tabs, changed later. Nothing doubles."""

from datetime import time
from functools import partial

import pytest

from accounts.models import User
from bookings.actions.entries import Actor
from bookings.models import Appointment, Doctor, Location, Service, Slot, WorkingHours
from bookings.setup import doctor as doctor_step
from bookings.setup import place as place_step
from bookings.setup import visits as visits_step
from bookings.setup.kinds import kind_named
from bookings.tests import make
from bookings.tests.setup.browsing import form_on, go_on
from bookings.tests.test_races import at_once


def counts():
    rows = (Location, Service, Doctor, WorkingHours, Slot)
    return [each.objects.count() for each in rows]


def test_every_step_sent_twice_makes_nothing_twice(owner):
    sent = {}
    for step, typed in {
        "place/": {"address": "14 Mill Lane"},
        "services/?kind=dentist": {"v-own-name": "Whitening", "v-own-minutes": "60"},
        "doctor/": {"name": "Amara Okonkwo"},
    }.items():
        sent[step] = form_on(owner.get(f"/setup/{step}")) | typed
        owner.post(f"/setup/{step.partition('?')[0]}", sent[step])
    once = counts()
    for step, data in sent.items():
        answer = owner.post(f"/setup/{step.partition('?')[0]}", data)
        assert answer.status_code == 302

    assert counts() == once
    assert once[:4] == [1, 5, 1, 10]


def test_an_old_tab_of_the_first_visit_edits_what_the_other_made(owner):
    old_tab = form_on(owner.get("/setup/doctor/"))
    go_on(owner, "/setup/doctor/", name="Amara Okonkwo")
    owner.post("/setup/doctor/", old_tab | {"name": "Dr. Amara Okonkwo-Hill"})

    doctor = Doctor.objects.get()
    assert (doctor.name, doctor.slug) == ("Dr. Amara Okonkwo-Hill", "amara-okonkwo")


def test_a_step_shows_what_was_typed_and_changes_it(owner):
    go_on(owner, "/setup/place/", address="14 Mill Lane", phone="020 7946 0118")
    page = form_on(owner.get("/setup/place/"))
    go_on(owner, "/setup/place/", address="15 Mill Lane")

    assert (page["address"], page["phone"]) == ("14 Mill Lane", "+44 20 7946 0118")
    assert Location.objects.get().address == "15 Mill Lane"


def test_the_doctor_follows_the_clinic_s_hours_until_they_have_their_own(owner):
    go_on(owner, "/setup/place/", address="14 Mill Lane")
    go_on(owner, "/setup/doctor/", name="Amara Okonkwo")
    go_on(owner, "/setup/place/", until_0="18:00")
    monday = WorkingHours.objects.filter(weekday=0)
    followed = monday.latest("opens").closes
    monday.filter(opens=time(9)).update(opens=time(8))  # staff, in the admin
    go_on(owner, "/setup/place/", until_0="16:00")

    assert followed == time(18)
    assert set(monday.values_list("opens", "closes")) == {
        (time(8), time(12, 30)),
        (time(13, 30), time(18)),
    }


def test_hours_that_a_week_cannot_say_are_left_alone(owner):
    doctor = make.doctor()
    make.hours(doctor, staff_only=True)
    page = owner.get("/setup/doctor/")
    go_on(owner, "/setup/doctor/", name="Amara Hill")

    assert "are kept as they are" in page.content.decode()
    assert WorkingHours.objects.get().staff_only
    assert Doctor.objects.get().name == "Amara Hill"


def test_a_visit_that_is_no_longer_ticked_is_not_offered_any_more(owner):
    go_on(owner, "/setup/services/?kind=general")
    go_on(owner, "/setup/doctor/", name="Amara Okonkwo")
    first = Doctor.objects.get().default_service
    fields = {f"v-{first.slug}-offered": None, "v-own-name": "Travel advice"}
    go_on(owner, "/setup/services/", **fields, **{"v-own-minutes": "30"})

    doctor = Doctor.objects.get()
    new = Service.objects.get(name="Travel advice")
    assert not Service.objects.get(pk=first.pk).is_active
    assert doctor.default_service.is_active
    assert new in doctor.services.all()
    assert (new.slug, new.duration_minutes) == ("travel-advice", 30)


def test_a_visit_added_in_the_admin_meanwhile_is_not_switched_off(owner):
    go_on(owner, "/setup/services/?kind=general")
    tab = form_on(owner.get("/setup/services/"))
    added = make.service(slug="added-meanwhile")
    owner.post("/setup/services/", tab)

    added.refresh_from_db()
    assert added.is_active


@pytest.mark.parametrize("step", ["place", "services", "doctor"])
def test_two_tabs_at_the_same_instant_make_one_of_each(committed, step):
    """In threads, with real commits: each tab has read an empty clinic."""
    make.practice()  # else they wait for each other where they make it
    person = make.user(role=User.Role.OWNER, password=None)
    by = Actor(person, Appointment.Via.DESK)
    tabs = [_tab(step) for _ in range(4)]
    for tab in tabs:
        assert tab.is_valid(), tab.errors

    done = at_once(committed, [partial(tab.save, by=by) for tab in tabs])

    one_of_each = {
        "place": [1, 0, 0, 0],
        "services": [0, 4, 0, 0],
        "doctor": [1, 1, 1, 10],
    }
    assert done == ["done"] * 4
    assert counts()[:4] == one_of_each[step]
    starts = Slot.objects.values_list("start", flat=True)
    assert len(starts) == len(set(starts))
    assert bool(starts) == (step == "doctor")


def test_the_times_of_two_tabs_are_those_of_the_hours_that_stay(committed):
    """Each tab has other hours; who comes second changes what the first has published."""
    by = Actor(make.user(role=User.Role.OWNER, password=None), Appointment.Via.DESK)
    tabs = [_tab("doctor", until=f"{hour}:30") for hour in (15, 16, 17, 18)]
    assert all(tab.is_valid() for tab in tabs)

    at_once(committed, [partial(tab.save, by=by) for tab in tabs])

    doctor = Doctor.objects.get()
    ends = Slot.objects.filter(blocked_by="").values_list("end", flat=True)
    closes = {each.closes for each in doctor.hours.filter(opens=time(13, 30))}
    assert closes == {max(end.astimezone(doctor.zone).time() for end in ends)}


def _tab(step, until="17:00"):
    """A form as a tab of an empty clinic sends it."""
    hours = {"open_0": "on", "open_1": "on", "open_2": "on", "open_3": "on"}
    hours |= {"open_4": "on", "pause_from": "12:30", "pause_until": "13:30"}
    for day in range(5):
        hours |= {f"from_{day}": "09:00", f"until_{day}": until}
    if step == "place":
        return place_step.form({"address": "14 Mill Lane", **hours})
    if step == "doctor":
        who = {"name": "Amara Okonkwo", "specialty": "GP", "languages": "en"}
        return doctor_step.form(who | hours)
    kind = kind_named("dentist")
    assert kind
    lines: dict[str, str] = {}
    for visit in kind.visits:
        prefix = f"v-{visit.slug}-"
        lines |= {f"{prefix}offered": "on", f"{prefix}name": str(visit.name)}
        lines |= {f"{prefix}minutes": str(visit.minutes), f"{prefix}mode": visit.mode}
    return visits_step.VisitsForm(lines, kind=kind)
