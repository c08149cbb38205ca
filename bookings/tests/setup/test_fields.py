"""What people type into the steps: bad things get a plain sentence, and nothing is lost."""

import pytest

from bookings.models import Doctor, Location, Practice, Service
from bookings.pages.languages import read_languages
from bookings.tests.setup.browsing import form_on, go_on
from tenants.context import platform_context
from tenants.models import Clinic, Plan

PLACE, DOCTOR, LOOK = "/setup/place/", "/setup/doctor/", "/setup/look/"
SERVICES = "/setup/services/?kind=dentist"
GOOD = {
    PLACE: {"address": "14 Mill Lane"},
    DOCTOR: {"name": "Amara Okonkwo"},
    SERVICES: {},
    LOOK: {},
}
ODD = "Żółć 🩺 عيادة"

BAD = [
    (PLACE, {"address": ""}, "Write the address, or skip this step for now."),
    (PLACE, {"address": "   "}, "Write the address"),
    (PLACE, {"address": "\x00\x01"}, "Write the address"),
    (PLACE, {"address": "a" * 251}, "at most 250 characters"),
    (PLACE, {"phone": "call me"}, "Write the phone number with its area code"),
    (PLACE, {"phone": "1" * 40}, "at most 32 characters"),
    (PLACE, {"from_0": "25:00"}, "Write a time, such as 09:00."),
    (PLACE, {"from_0": ""}, "Write a time, such as 09:00."),
    (PLACE, {"until_4": "\x00"}, "Write a time, such as 09:00."),
    (PLACE, {"from_1": "17:00", "until_1": "09:00"}, "must be later than"),
    (PLACE, {"from_1": "09:00", "until_1": "09:00"}, "must be later than"),
    (PLACE, {"pause_from": ""}, "Write both times of the break, or neither."),
    (PLACE, {"pause_from": "14:00", "pause_until": "13:00"}, "must be later than"),
    (PLACE, {f"open_{day}": None for day in range(5)}, "Tick at least one day."),
    (DOCTOR, {"name": ""}, "Write the doctor’s name."),
    (DOCTOR, {"name": "a" * 121}, "at most 120 characters"),
    (DOCTOR, {"title": "Professor Doctor Doctor"}, "at most 20 characters"),
    (DOCTOR, {"specialty": ""}, "Write what they do, such as Dentistry."),
    (DOCTOR, {"languages": "Klingon"}, "We do not know “Klingon”."),
    (DOCTOR, {"languages": " , ;"}, "Write at least one language."),
    (DOCTOR, {"bio": "a" * 2001}, "at most 2000 characters"),
    (DOCTOR, {"bio": "a\x00b"}, "Null characters are not allowed."),
    (DOCTOR, {"until_2": "noon"}, "Write a time, such as 09:00."),
    (SERVICES, {"v-toothache-name": ""}, "Give it a name."),
    (SERVICES, {"v-toothache-name": "a" * 121}, "at most 120 characters"),
    (SERVICES, {"v-toothache-minutes": ""}, "Write how many minutes it takes."),
    (SERVICES, {"v-toothache-minutes": "4"}, "greater than or equal to 5"),
    (SERVICES, {"v-toothache-minutes": "9" * 30}, "less than or equal to 480"),
    (SERVICES, {"v-toothache-minutes": "½"}, "Enter a whole number."),
    (SERVICES, {"v-toothache-mode": "fax"}, "Select a valid choice."),
    (SERVICES, {"v-toothache-description": "a" * 301}, "at most 300 characters"),
    (SERVICES, {"v-own-name": "Whitening"}, "Write how many minutes it takes."),
    (SERVICES, {"v-own-minutes": "20"}, "Give it a name."),
    (LOOK, {"hue": "361"}, "Choose one of these colours."),
    (LOOK, {"hue": "\x00"}, "Choose one of these colours."),
    (LOOK, {"hue": None}, "Choose a colour."),
]


@pytest.mark.parametrize(("path", "typed", "said"), BAD)
def test_a_plain_sentence_says_what_is_wrong(owner, path, typed, said):
    answer = go_on(owner, path, **GOOD[path] | typed)
    page = answer.content.decode()

    assert answer.status_code == 422
    assert said in page
    main = page[page.index("<main") : page.index("</main>")]
    assert main.count('role="alert"') == 1
    assert "Error:" in page[: page.index("</title>")]
    # The first error of the summary leads to a field that is there.
    for target in page.split('<li><a href="#')[1:2]:
        assert f'id="{target.partition(chr(34))[0]}"' in page
    assert not Location.objects.exists()
    assert not Doctor.objects.exists()
    assert not Service.objects.exists()
    assert not Practice.load().setup_steps


def test_nothing_typed_is_lost_beside_a_mistake(owner):
    typed = {"address": ODD, "phone": "call me", "until_1": "18:15", "open_5": "on"}
    kept = form_on(go_on(owner, PLACE, **typed))
    for name, value in typed.items():
        assert kept[name] == value
    typed = {"name": ODD, "title": "Dr", "languages": "Klingon", "bio": f"{ODD} <b>"}
    kept = form_on(go_on(owner, DOCTOR, **typed, until_3="19:00"))
    for name, value in typed.items():
        assert kept[name] == value
    assert kept["until_3"] == "19:00"
    typed = {"v-own-name": ODD, "v-filling-name": "Crown"}
    kept = form_on(go_on(owner, SERVICES, **typed, **{"v-filling-offered": None}))
    assert (kept["v-own-name"], kept["v-filling-name"]) == (ODD, "Crown")
    assert "v-filling-offered" not in kept


def test_signs_of_all_kinds_are_welcome(owner):
    long = "Wolfeschlegelsteinhausenbergerdorff" * 3
    go_on(owner, PLACE, address=ODD)
    go_on(owner, SERVICES, **{"v-own-name": "🦷", "v-own-minutes": "15"})
    go_on(
        owner, DOCTOR, name=f"{long} 🩺", specialty=ODD, languages="Türkçe; de, Yoruba"
    )

    doctor = Doctor.objects.get()
    assert Location.objects.get().address == ODD
    assert doctor.languages == ["tr", "de", "yo"]
    assert doctor.specialty == ODD
    assert owner.get("/").status_code == 200
    assert owner.get(f"/doctors/{doctor.slug}/").status_code == 200
    assert Service.objects.get(name="🦷").slug == "visit"


def test_a_name_that_makes_no_address_gets_one_all_the_same(owner):
    go_on(owner, DOCTOR, name="محمد")

    assert Doctor.objects.get().slug == "doctor"


def test_what_stands_in_a_line_that_is_not_ticked_does_not_matter(owner):
    off = {"v-filling-offered": None, "v-filling-minutes": "soon", "v-filling-name": ""}
    assert go_on(owner, SERVICES, **off).status_code == 200
    go_on(owner, PLACE, address="14 Mill Lane", from_6="late", until_6="later")

    assert Service.objects.count() == 3
    assert Location.objects.exists()


def test_days_till_midnight_and_days_without_a_break(owner):
    more = {"until_0": "00:00", "from_5": "10:00", "until_5": "12:00", "open_5": "on"}
    go_on(owner, DOCTOR, name="Amara Okonkwo", **more)
    shown = form_on(owner.get(DOCTOR))

    hours = Doctor.objects.get().hours
    assert hours.filter(weekday=0).count() == 2
    assert hours.filter(weekday=5).count() == 1
    assert (shown["until_0"], shown["from_5"]) == ("00:00", "10:00")


def test_addresses_that_name_no_kind_show_the_kinds(owner):
    for kind in ("", "plumber", "a" * 3000, "%F0%9F%A9%BA"):
        page = owner.get(f"/setup/services/?kind={kind}").content.decode()
        assert "What kind of practice is it?" in page
        assert "v-own-name" not in page


def test_forms_sent_with_nothing_in_them_are_refused(owner):
    for path in (PLACE, "/setup/services/", DOCTOR, LOOK):
        assert owner.post(path, {}).status_code == 422
        assert owner.put(path).status_code == 405


def test_a_plan_without_room_for_a_doctor_says_so(owner, clinic):
    with platform_context():
        plan = Plan.objects.create(code="none", name="Nobody", max_doctors=0)
        Clinic.objects.filter(pk=clinic.pk).update(plan=plan)
    answer = go_on(owner, DOCTOR, name="Amara Okonkwo")

    assert answer.status_code == 422
    assert "Your plan “Nobody” has room for 0 doctors" in answer.content.decode()
    assert not Location.objects.exists()


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("English", ["en"]),
        ("english, ENGLISH,en", ["en"]),
        ("中文, Chinese", ["zh"]),
        ("Deutsch; français", ["de", "fr"]),
        ("Arabic, العربيّة", ["ar"]),
    ],
)
def test_languages_are_read_as_people_name_them(typed, codes):
    assert read_languages(typed) == codes
