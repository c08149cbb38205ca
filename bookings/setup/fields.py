"""Fields that steps share: plain text, and the week of opening hours."""

from collections.abc import Iterator
from datetime import time
from typing import Any

import phonenumbers
from django import forms
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.actions.entries import Actor
from bookings.models import WorkingHours
from bookings.pages.fields import NameField, PhoneField, region_of
from bookings.setup.week import USUAL, Span, Week, is_after
from tenants.context import current_clinic

_TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%H.%M", "%H")


class StepForm(forms.Form):
    """What a step asks; `save` writes it, in a transaction of its own."""

    def save(self, *, by: Actor) -> None:
        """Write what was typed.

        Raises:
            UndecidedError: booked visits would lose their time; nothing was written.
            BookingError: it cannot be done now; nothing was written.
        """
        raise NotImplementedError


def text(label: Any, longest: int, *, missing: Any = "", **more: Any) -> NameField:
    """One line of text, without invisible signs; `missing` says what to do without it."""
    if missing:
        more["error_messages"] = {"required": missing}
    attrs = {"class": "input", **more.pop("attrs", {})}
    widget = forms.TextInput(attrs=attrs)
    return NameField(label=label, max_length=longest, widget=widget, **more)


class ClinicPhoneField(PhoneField):
    """A number as people of the clinic's country write it; kept readable."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "input", "autocomplete": "tel", "inputmode": "tel"}
        super().__init__(max_length=32, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> str:
        self.region = region_of(current_clinic().timezone)
        kept = super().clean(value)
        if not kept:
            return ""
        international = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return str(phonenumbers.format_number(phonenumbers.parse(kept), international))[
            :32
        ]


class WeekForm(StepForm):
    """Opening hours: a line for each weekday, and a break.

    `cleaned_data["week"]` is the `Week`, if the hours are asked for at all.
    """

    def __init__(self, *args: Any, week: Week | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_week = week is not None
        if week is not None:
            self._ask_for(week)

    def _ask_for(self, week: Week) -> None:
        usual = USUAL.days[0]
        for day, name in WorkingHours.Weekday.choices:
            opens, closes = week.days.get(day, usual)
            self.fields[f"open_{day}"] = forms.BooleanField(
                label=name, required=False, initial=day in week.days
            )
            self.fields[f"from_{day}"] = _time(_("From"), opens)
            self.fields[f"until_{day}"] = _time(_("Until"), closes)
        pause: tuple[time | None, time | None] = week.pause or (None, None)
        self.fields["pause_from"] = _time(_("Break from"), pause[0])
        self.fields["pause_until"] = _time(_("Break until"), pause[1])

    @property
    def lines(self) -> Iterator[dict[str, Any]]:
        """The weekdays, each with its three fields, for the template."""
        for day in WorkingHours.Weekday.values:
            names = {"open": "open_", "opens": "from_", "closes": "until_"}
            line: dict[str, Any] = {
                key: self[f"{name}{day}"] for key, name in names.items()
            }
            yield line | {"short": WEEKDAYS_ABBR[day]}

    @property
    def shown_week(self) -> Week:
        """The hours before anything was changed."""
        first = {
            name: self.get_initial_for_field(f, name) for name, f in self.fields.items()
        }
        days = {
            day: (first[f"from_{day}"], first[f"until_{day}"])
            for day in WorkingHours.Weekday.values
            if first[f"open_{day}"]
        }
        return Week(days)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.has_week:
            days = {
                day: span
                for day in WorkingHours.Weekday.values
                if (span := self._day(day, cleaned))
            }
            pause = self._span("pause_from", "pause_until", cleaned)
            if not days and not self.errors:
                self.add_error(None, _("Tick at least one day."))
            cleaned["week"] = Week(days, pause)
        return cleaned

    def _day(self, day: int, cleaned: dict[str, Any]) -> Span | None:
        names = f"from_{day}", f"until_{day}"
        if not cleaned.get(f"open_{day}"):
            for name in names:  # what stands in a line that is not ticked is not meant
                self.errors.pop(name, None)
            return None
        for name in names:
            if name not in self.errors and cleaned.get(name) is None:
                self.add_error(name, _("Write a time, such as 09:00."))
        return self._span(*names, cleaned)

    def _span(self, first: str, last: str, cleaned: dict[str, Any]) -> Span | None:
        opens, closes = cleaned.get(first), cleaned.get(last)
        if {first, last} & self.errors.keys() or (opens is None and closes is None):
            return None
        if opens is None or closes is None:
            self.add_error(last, _("Write both times of the break, or neither."))
            return None
        if not is_after(closes, opens):
            self.add_error(last, _("“Until” must be later than “from”."))
            return None
        return opens, closes


def _time(label: str, initial: time | None) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        initial=initial,
        input_formats=_TIMES,
        widget=forms.TimeInput(
            format="%H:%M", attrs={"type": "time", "class": "input"}
        ),
        error_messages={"invalid": gettext_lazy("Write a time, such as 09:00.")},
    )
