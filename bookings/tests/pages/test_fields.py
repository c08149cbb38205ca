"""What people type, read leniently."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from bookings.pages.fields import PhoneField, read_date, region_of


@pytest.mark.parametrize(
    "text",
    [
        "27 3 1984",
        "27/03/1984",
        "27.3.1984",
        "1984-03-27",
        "27 March 1984",
        "march 27, 1984",
        "27mar1984",
        "3 27 1984",
        " 27th 3 1984".replace("th", ""),
    ],
)
def test_one_day_is_read_in_all_its_ways(text: str):
    assert read_date(text) == date(1984, 3, 27)


def test_the_language_says_which_comes_first():
    with override("en-us"):
        assert read_date("3 4 1984") == date(1984, 3, 4)
    with override("en-gb"):
        assert read_date("3 4 1984") == date(1984, 4, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("27 13 1984", "The month must be between 1 and 12."),
        ("30 2 1984", "This month does not have that day."),
        ("27 3 84", "Write the year with 4 digits, such as 1984."),
        ("1984", "Write day, month and year, such as 27 3 1984."),
        ("1 1 99999", "Write day, month and year, such as 27 3 1984."),
        ("0 1 1984", "This month does not have that day."),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str):
    with pytest.raises(ValidationError) as error:
        read_date(text)
    assert error.value.messages == [message]


@given(st.text(max_size=30))
def test_no_text_breaks_the_reading_of_dates(text: str):
    try:
        assert isinstance(read_date(text), date)
    except ValidationError:
        pass


@pytest.mark.parametrize(
    ("zone", "typed", "kept"),
    [
        ("Europe/London", "020 7946 0118", "+442079460118"),
        ("America/New_York", "(212) 555-0143", "+12125550143"),
        ("Europe/London", "+49 30 901820", "+4930901820"),
        ("Europe/London", "", ""),
    ],
)
def test_phones_are_kept_in_one_form(zone: str, typed: str, kept: str):
    field = PhoneField(required=False)
    field.region = region_of(zone)
    assert field.clean(typed) == kept


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_phones(text: str):
    field = PhoneField(required=False)
    field.region = "GB"
    try:
        assert field.clean(text) == "" or field.clean(text).startswith("+")
    except ValidationError:
        pass
