"""What staff type in the admin's forms, beyond what the models check themselves."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from accounts.models import User
from bookings.actions import limits
from bookings.errors import DoctorsFullError
from bookings.models import Doctor, Location, Patient, TimeOff
from tenants.names import is_zone

_LONGEST_AHEAD = timedelta(days=731)


class ZoneField(forms.ChoiceField):
    """A time zone, to be found by its city."""

    def __init__(self, **kwargs: Any) -> None:
        zones = sorted(zone for zone in available_timezones() if "/" in zone)
        choices = [("", ""), *((zone, zone.replace("_", " ")) for zone in zones)]
        super().__init__(choices=choices, widget=UnfoldAdminSelect2Widget, **kwargs)

    def valid_value(self, value: Any) -> bool:
        """Accept names the list leaves out, such as `UTC`, if they are zones."""
        try:
            is_zone(str(value))
        except ValidationError:
            return False
        return True


class LocationForm(forms.ModelForm):  # type: ignore[type-arg]
    timezone = ZoneField(label=_("Time zone"))

    class Meta:
        model = Location
        fields = ("name", "address", "directions", "phone", "timezone", "is_active")


class DoctorForm(forms.ModelForm):  # type: ignore[type-arg]
    timezone = ZoneField(
        label=_("Time zone"),
        help_text=_("Working hours and times are on this clock."),
    )

    class Meta:
        model = Doctor
        fields = (
            "title",
            "name",
            "slug",
            "specialty",
            "languages",
            "bio",
            "services",
            "default_service",
            "location",
            "timezone",
            "user",
            "position",
            "is_active",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            log_ins: Any = self.fields["user"]
            log_ins.queryset = User.objects.filter(role=User.Role.DOCTOR)
        if "languages" in self.fields:
            self.fields["languages"].widget = UnfoldAdminTextInputWidget()
            self.fields["languages"].help_text = _(
                "Short codes with commas between them, for example en, tr."
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, offered = cleaned.get("default_service"), cleaned.get("services")
        if first and offered is not None and first not in offered:
            self.add_error(
                "default_service", _("Choose one of the services of this doctor.")
            )
        return cleaned

    def clean_is_active(self) -> bool:
        is_active = bool(self.cleaned_data["is_active"])
        if is_active and not self._took_appointments():
            try:
                limits.check_doctors()
            except DoctorsFullError as error:
                raise ValidationError(str(error)) from error
        return is_active

    def _took_appointments(self) -> bool:
        """Whether the plan's room is taken by this doctor already."""
        return Doctor.objects.filter(pk=self.instance.pk, is_active=True).exists()


class PatientForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Patient
        fields = ("name", "email", "phone", "date_of_birth", "language", "guardian")

    def clean_phone(self) -> str:
        return plain_phone(self.cleaned_data["phone"])

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()

    def clean_date_of_birth(self) -> Any:
        born = self.cleaned_data["date_of_birth"]
        if born and not (born.year >= 1900 and born <= timezone.localdate()):
            raise ValidationError(_("The date must be between 1900 and today."))
        return born

    def clean_guardian(self) -> Patient | None:
        guardian: Patient | None = self.cleaned_data["guardian"]
        if guardian and guardian.pk == self.instance.pk:
            raise ValidationError(_("Choose somebody else."))
        if guardian and guardian.guardian_id:
            raise ValidationError(_("Somebody books for this person, too."))
        return guardian


class TimeOffForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = TimeOff
        fields = ("doctor", "start", "end", "note")

    def clean_start(self) -> datetime:
        return _within_reach(self.cleaned_data["start"])

    def clean_end(self) -> datetime:
        return _within_reach(self.cleaned_data["end"])


def plain_phone(typed: str) -> str:
    """Return a number as `+441632960118`, or an empty text.

    Raises:
        ValidationError: it is no phone number, or its country is not said.
    """
    if not typed:
        return ""
    try:
        number = phonenumbers.parse(typed, None)
    except phonenumbers.NumberParseException as error:
        raise ValidationError(
            _("Start with the country, for example +44 1632 960118.")
        ) from error
    if not phonenumbers.is_possible_number(number):
        raise ValidationError(_("This number has too few or too many digits."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _within_reach(moment: datetime) -> datetime:
    """Return the moment.

    Raises:
        ValidationError: it is years away, so most likely a slip.
    """
    if not moment.year >= 2000 or moment > timezone.now() + _LONGEST_AHEAD:
        raise ValidationError(_("Choose a date within the next two years."))
    return moment
