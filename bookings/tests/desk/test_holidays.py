"""Closing days in the staff's admin, and whose holidays the clinic follows."""

from datetime import date

import pytest

from bookings.actions import holidays
from bookings.desk import countries
from bookings.models import Holiday, Practice
from bookings.tests import make

LIST = "/admin/bookings/holiday/"
SETTINGS = "/admin/bookings/practice/1/change/"


@pytest.fixture
def public(clinic):
    """New Year's Day of 2035, as England keeps it."""
    practice = make.practice(holiday_country="GB", holiday_region="ENG")
    day = date(2035, 1, 1)
    holidays.keep_up(practice, first=day, last=day)
    return Holiday.objects.get()


def test_reception_adds_a_closing_day_of_the_clinics_own(clinic, reception):
    data = {"day": "2035-05-02", "name": "Works outing", "_save": "1"}
    reception.post(f"{LIST}add/", data)
    made = Holiday.objects.get()
    assert (made.day, made.name, made.is_open) == (
        date(2035, 5, 2),
        "Works outing",
        False,
    )
    page = reception.get(LIST).content.decode()
    assert "Works outing" in page
    assert "The clinic’s own" in page


def test_a_public_holiday_can_be_opened_and_says_whose_it_is(public, reception):
    assert "GB-ENG" in reception.get(LIST).content.decode()
    form = f"{LIST}{public.pk}/change/"
    reception.post(form, {"name": public.name, "is_open": "on", "_save": "1"})
    public.refresh_from_db()
    assert public.is_open


def test_a_public_holiday_stays_on_its_day_and_in_the_list(public, owner):
    form = f"{LIST}{public.pk}/change/"
    owner.post(form, {"day": "2035-01-09", "name": "Moved", "_save": "1"})
    owner.post(f"{LIST}{public.pk}/delete/", {"post": "yes"})
    public.refresh_from_db()
    assert (public.day, public.name) == (date(2035, 1, 1), "Moved")


def test_an_own_closing_day_can_be_taken_back(clinic, owner):
    own = Holiday.objects.create(day=date(2035, 5, 2), name="Works outing")
    owner.post(f"{LIST}{own.pk}/delete/", {"post": "yes"})
    assert not Holiday.objects.exists()


def test_days_that_are_over_are_listed_when_asked_for(clinic, owner):
    Holiday.objects.create(day=date(2001, 5, 2), name="Long ago")
    assert "Long ago" not in owner.get(LIST).content.decode()
    for when in ("past", "all"):
        assert "Long ago" in owner.get(LIST, {"when": when}).content.decode()


# --- Whose holidays --------------------------------------------------------------------


def save(browser, **fields):
    make.practice()
    row = Practice.load()
    names = [field.name for field in row._meta.fields if field.editable]
    data = {name: getattr(row, name) for name in names if name not in {"id", "logo"}}
    return browser.post(SETTINGS, {**data, **fields, "_save": "1"}).content.decode()


def followed():
    row = Practice.load()
    return row.holiday_country, row.holiday_region


def test_the_country_is_chosen_by_its_name(clinic, owner):
    page = owner.get(SETTINGS).content.decode()
    assert '<option value="GB">United Kingdom</option>' in page
    assert '<option value="BA">Bosnia and Herzegovina</option>' in page
    save(owner, holiday_country="GB", holiday_region="eng")
    assert followed() == ("GB", "ENG")


@pytest.mark.parametrize(
    ("country", "region", "said"),
    [
        ("GB", "XXX", "Known are: ENG, NIR, SCT, WLS."),
        ("", "ENG", "Choose the country first."),
        ("TR", "34", "leave this empty"),
        ("XX", "", "Select a valid choice"),
    ],
)
def test_what_is_not_known_is_refused_in_words(clinic, owner, country, region, said):
    page = save(owner, holiday_country=country, holiday_region=region)
    assert said in page
    assert followed() == ("", "")


def test_no_country_is_an_answer_too(clinic, owner):
    save(owner, holiday_country="GB")
    assert followed() == ("GB", "")
    save(owner, holiday_country="")
    assert followed() == ("", "")


@pytest.mark.usefixtures("clinic")
def test_every_country_on_offer_can_be_followed():
    assert len(countries.names()) > 150
    practice = make.practice()
    for code in ("GB", "DE", "TR", "US", "IN", "JP"):
        practice.holiday_country = code
        holidays.keep_up(practice, first=date(2035, 1, 1), last=date(2035, 12, 31))
        assert Holiday.objects.filter(calendar=code).exists()
