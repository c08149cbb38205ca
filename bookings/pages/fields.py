"""What people type: names, birth dates and phone numbers, read leniently."""

import re
import unicodedata
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.formats import get_format
from django.utils.translation import gettext as _

_OLDEST = 130  # years


class NameField(forms.CharField):
    """A person's name, in one form (NFC), without invisible signs."""

    def to_python(self, value: Any) -> Any:
        text = unicodedata.normalize("NFC", str(super().to_python(value) or ""))
        return "".join(sign for sign in text if unicodedata.category(sign) != "Cc")


class BirthDateField(forms.CharField):
    """A date as people write it: 27 3 1984, 27/03/1984, 27 March 1984, 1984-03-27."""

    def clean(self, value: Any) -> date | None:
        text = str(super().clean(value) or "")
        return _past(read_date(text)) if text else None


class PhoneField(forms.CharField):
    """A phone number; kept as +441632960118. `region` is where it is, if not said."""

    region: str | None = None

    def clean(self, value: Any) -> str:
        text = str(super().clean(value) or "")
        if not text:
            return ""
        try:
            number = phonenumbers.parse(text, self.region)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ValidationError(
                _("Write the phone number with its area code, such as %(example)s.")
                % {"example": _example(self.region)}
            )
        wanted = phonenumbers.PhoneNumberFormat.E164
        return str(phonenumbers.format_number(number, wanted))


def read_date(text: str) -> date:
    """Read a day, month and year in the order of the language.

    Raises:
        ValidationError: it is no date; says which part is wrong.
    """
    words = [_month(word) or word for word in re.findall(r"\d+|[^\W\d_]+", text)]
    parts = [str(word) for word in words]
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 5 for part in parts):
        raise ValidationError(_("Write day, month and year, such as 27 3 1984."))
    year, month, day = _ordered([int(part) for part in parts], words)
    if year < 1000:
        raise ValidationError(_("Write the year with 4 digits, such as 1984."))
    if not 1 <= month <= 12:
        raise ValidationError(_("The month must be between 1 and 12."))
    try:
        return date(year, month, day)
    except ValueError:
        raise ValidationError(_("This month does not have that day.")) from None


def region_of(zone: str) -> str | None:
    """Guess the country (ISO 3166) of a time zone, for phone numbers without one."""
    return _regions().get(zone)


def _ordered(numbers: list[int], words: list[Any]) -> tuple[int, int, int]:
    """Tell year, month and day: by a name, by size, else in the language's order."""
    first, second, third = numbers
    if first > 999:
        return first, second, third
    is_named = isinstance(words[0], int)
    month_first = is_named or (
        not isinstance(words[1], int) and says_month_first() and first <= 12
    )
    if not month_first and second > 12 >= first and not isinstance(words[1], int):
        month_first = True  # 3 27 1984 can mean one day only
    return (third, first, second) if month_first else (third, second, first)


def says_month_first() -> bool:
    return str(get_format("SHORT_DATE_FORMAT")).startswith(("M", "N", "F", "m"))


def _month(word: str) -> int | None:
    """Read the name of a month, in English or the active language, also shortened."""
    if len(word) < 3 or word.isdecimal():
        return None
    lower = word.casefold()
    for number, names in _month_names().items():
        if any(name.casefold().startswith(lower) for name in names):
            return number
    return None


def _month_names() -> dict[int, tuple[str, str]]:
    return {n: (str(name), _ENGLISH[n - 1]) for n, name in MONTHS.items()}


_ENGLISH = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _past(day: date) -> date:
    today = timezone.localdate()
    if day > today:
        raise ValidationError(_("This date is in the future."))
    if day.year < today.year - _OLDEST:
        raise ValidationError(_("Check the year: it is very long ago."))
    return day


def _example(region: str | None) -> str:
    number = phonenumbers.example_number(region or "GB")
    if number is None:
        return "+44 20 7946 0118"
    return str(
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    )


@cache
def _regions() -> dict[str, str]:
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    rows = (
        line.split("\t") for line in table.splitlines() if line[:1] not in {"#", ""}
    )
    return {row[2]: row[0] for row in rows}
