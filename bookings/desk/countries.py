"""Countries and their parts whose public holidays the clinic may follow."""

import re
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from holidays import list_supported_countries
from holidays.registry import COUNTRIES
from unfold.widgets import UnfoldAdminImageFieldWidget, UnfoldAdminSelect2Widget

from bookings.models import Practice
from bookings.setup.look import LogoField

_SMALL_WORDS = re.compile(r" (And|Of|The)\b")


@cache
def names() -> dict[str, str]:
    """English names by code, in order. Reads no country's rules: there are hundreds."""
    known = list_supported_countries()
    found = {
        code: _spaced(name)
        for name, code, *_others in COUNTRIES.values()
        if code in known
    }
    return dict(sorted(found.items(), key=lambda each: each[1]))


def parts(country: str) -> list[str]:
    """The parts of a country that have days of their own."""
    return list_supported_countries().get(country, [])


def _spaced(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return _SMALL_WORDS.sub(lambda found: found[0].lower(), words)


def _choices() -> list[tuple[str, Any]]:
    return [("", gettext_lazy("None")), *names().items()]


class PracticeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The clinic's settings; whose holidays are chosen from those that are known."""

    holiday_country = forms.ChoiceField(
        label=gettext_lazy("Closed on the public holidays of"),
        help_text=gettext_lazy(
            "Each day is listed under Holidays, where you can open it."
        ),
        choices=_choices,
        required=False,
        widget=UnfoldAdminSelect2Widget,
    )
    # Not the model's field: it is read and stored by `bookings.setup.logos` alone.
    logo_file = LogoField(
        label=gettext_lazy("Logo"),
        help_text=gettext_lazy("PNG, JPEG or WebP, up to 1 MB. Square works best."),
        required=False,
        max_length=200,
        widget=UnfoldAdminImageFieldWidget(attrs={"accept": "image/*"}),
    )

    class Meta:
        model = Practice
        fields = (
            "tagline",
            "phone",
            "opening_note",
            "emergency_note",
            "brand_hue",
            "brand_chroma",
            "notice_minutes",
            "horizon_days",
            "cutoff_minutes",
            "max_open_appointments",
            "hold_minutes",
            "holiday_country",
            "holiday_region",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "logo_file" in self.fields:  # not for those who only read
            self.initial["logo_file"] = self.instance.logo or None

    def clean_holiday_region(self) -> str:
        return str(self.cleaned_data["holiday_region"]).strip()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        country, part = cleaned.get("holiday_country"), cleaned.get("holiday_region")
        if part and country is not None:
            try:
                cleaned["holiday_region"] = _known(country, part)
            except ValidationError as error:
                self.add_error("holiday_region", error)
        return cleaned


def _known(country: str, part: str) -> str:
    """Return the part of the country as it is written.

    Raises:
        ValidationError: there is none of that name; it lists those there are.
    """
    if not country:
        raise ValidationError(_("Choose the country first."))
    for each in parts(country):
        if each.lower() == part.lower():
            return each
    if not parts(country):
        raise ValidationError(
            _("The days are the same in all of this country: leave this empty.")
        )
    known = ", ".join(parts(country))
    raise ValidationError(_("Known are: %(parts)s.") % {"parts": known})
