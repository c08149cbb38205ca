"""Third step: the first doctor, with hours and times that can be booked at once."""

from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from uuid6 import uuid7

from bookings.actions import changes, limits
from bookings.actions.changes import Scope
from bookings.actions.entries import Actor
from bookings.models import Doctor, Location, Practice, Service
from bookings.pages.languages import language_name, read_languages
from bookings.setup import rows
from bookings.setup.fields import WeekForm, text
from bookings.setup.kinds import kind_of
from bookings.setup.steps import DOCTOR
from bookings.setup.week import USUAL, Week


class _OtherTabError(Exception):
    """Somebody else made the first doctor meanwhile."""


class DoctorForm(WeekForm):
    title = text(
        gettext_lazy("Title (optional)"),
        20,
        required=False,
        help_text=gettext_lazy("Such as Dr or Prof."),
        attrs={"class": "input short"},
    )
    name = text(
        gettext_lazy("Name"), 120, missing=gettext_lazy("Write the doctor’s name.")
    )
    specialty = text(
        gettext_lazy("Specialty"),
        80,
        missing=gettext_lazy("Write what they do, such as Dentistry."),
    )
    languages = text(
        gettext_lazy("Languages"),
        200,
        missing=gettext_lazy("Write at least one language."),
        help_text=gettext_lazy(
            "With commas between them, for example English, Türkçe."
        ),
    )
    bio = forms.CharField(
        label=gettext_lazy("A few words about them (optional)"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )

    def clean_languages(self) -> list[str]:
        return read_languages(self.cleaned_data["languages"])

    def save(self, *, by: Actor) -> None:
        while True:
            doctor = rows.first_doctor()
            key = doctor.pk if doctor else uuid7()
            try:
                write = partial(self._write, key)
                changes.apply(write, decisions={}, by=by, scope=Scope([key]))
            except _OtherTabError:
                continue  # now it is theirs that is edited
            return

    def _write(self, key: UUID) -> None:
        sent, practice = self.cleaned_data, rows.locked_practice()
        doctor = rows.first_doctor()
        if doctor and doctor.pk != key:
            raise _OtherTabError
        if doctor is None:
            limits.check_doctors()
            doctor = _new(key, sent["name"], _saved_place())
        for name in ("title", "name", "specialty", "languages", "bio"):
            setattr(doctor, name, sent[name])
        doctor.save()
        if not doctor.services.exists():
            doctor.services.set(Service.objects.filter(is_active=True))
        if self.has_week:
            rows.write_hours(doctor, sent["week"])
            practice.setup_week = practice.setup_week or sent["week"].as_json()
        rows.take_down(practice, DOCTOR, "setup_week")


def form(data: Any = None, files: Any = None) -> DoctorForm:
    """The form with what is known of the first doctor, or with what is likely."""
    doctor = rows.first_doctor()
    told = Week.from_json(Practice.load().setup_week) or USUAL
    if doctor is None:
        return DoctorForm(data, files, initial=_likely(), week=told)
    known = {
        name: getattr(doctor, name) for name in ("title", "name", "specialty", "bio")
    }
    known["languages"] = ", ".join(language_name(code) for code in doctor.languages)
    has_hours = doctor.hours.exists()
    week = rows.week_of_doctor(doctor) if has_hours else told
    return DoctorForm(data, files, initial=known, week=week)


def offered() -> list[Service]:
    """What the doctor offers, or will."""
    doctor = rows.first_doctor()
    of_doctor = Service.objects.filter(doctors=doctor) if doctor else Service.objects
    return list(of_doctor.filter(is_active=True))


def _likely() -> dict[str, Any]:
    kind = kind_of(list(Service.objects.values_list("slug", flat=True)))
    specialty = kind.specialty if kind else _("General practice")
    return {"specialty": specialty, "languages": language_name("en")}


def _new(key: UUID, name: str, place: Location) -> Doctor:
    return Doctor(
        pk=key,
        slug=_free_slug(name),
        location=place,
        timezone=place.timezone,
        default_service=_first_service(),
    )


def _saved_place() -> Location:
    """The place; without an address, if that step was skipped."""
    place = rows.place_to_edit()
    if place._state.adding:
        place.save()
    return place


def _first_service() -> Service:
    """What is booked if nobody says what for; made, if that step was skipped."""
    active = Service.objects.filter(is_active=True).first()
    if active:
        return active
    made, _is_new = Service.objects.update_or_create(
        slug="appointment",
        defaults={"is_active": True},
        create_defaults={"name": _("Appointment"), "duration_minutes": 20},
    )
    return made


def _free_slug(name: str) -> str:
    base = slugify(name)[:40] or "doctor"
    taken = set(
        Doctor.objects.filter(slug__startswith=base).values_list("slug", flat=True)
    )
    numbered = (f"{base}-{n}" for n in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbered) if slug not in taken)
