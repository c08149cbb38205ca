"""First step: where the clinic is, how to call it, and when it is open."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from bookings.actions import changes
from bookings.actions.changes import Scope
from bookings.actions.entries import Actor
from bookings.models import Practice
from bookings.setup import rows
from bookings.setup.fields import ClinicPhoneField, WeekForm, text
from bookings.setup.steps import PLACE
from bookings.setup.week import USUAL, Week


class PlaceForm(WeekForm):
    address = text(
        _("Address"),
        250,
        missing=_("Write the address, or skip this step for now."),
        help_text=_("Street and town, as patients should find it."),
        attrs={"autocomplete": "street-address"},
    )
    phone = ClinicPhoneField(
        label=_("Phone (optional)"),
        required=False,
        help_text=_("Shown on every page, for those who would rather call."),
    )

    def save(self, *, by: Actor) -> None:
        doctor = rows.first_doctor()
        changes.apply(
            self._write,
            decisions={},
            by=by,
            scope=Scope([doctor.pk] if doctor else []),
        )

    def _write(self) -> None:
        sent, practice = self.cleaned_data, rows.locked_practice()
        place = rows.place_to_edit()
        place.address = sent["address"]
        place.save()
        practice.phone = sent["phone"]
        _follow(Week.from_json(practice.setup_week), sent["week"])
        practice.setup_week = sent["week"].as_json()
        rows.take_down(practice, PLACE, "phone", "setup_week")


def form(data: Any = None, files: Any = None) -> PlaceForm:
    """The form with what is known."""
    place, practice = rows.first_place(), Practice.load()
    known = {"address": place.address if place else "", "phone": practice.phone}
    week = Week.from_json(practice.setup_week) or USUAL
    return PlaceForm(data, files, initial=known, week=week)


def _follow(before: Week | None, week: Week) -> None:
    """Change the first doctor's hours too, unless they have become hours of their own."""
    doctor = rows.first_doctor()
    if doctor and before and rows.week_of_doctor(doctor) == before:
        rows.write_hours(doctor, week)
