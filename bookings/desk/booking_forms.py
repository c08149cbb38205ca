"""The two forms of booking at the desk: which visit, and for whom at which time."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from bookings.desk.forms import plain_phone
from bookings.models import Doctor, Patient, Service

NEW = "new"
_Choices = Iterable[tuple[str, str]]
_FARTHEST = timedelta(days=731)


class VisitForm(forms.Form):
    """What to look for; asked with GET, so that a step back loses nothing."""

    doctor = forms.ModelChoiceField(
        Doctor.objects.none(), label=_("Doctor"), widget=UnfoldAdminSelectWidget
    )
    service = forms.ModelChoiceField(
        Service.objects.none(), label=_("Service"), widget=UnfoldAdminSelectWidget
    )
    day = forms.DateField(
        label=_("Day"),
        widget=UnfoldAdminTextInputWidget({"type": "date"}),
    )
    patient = forms.CharField(
        label=_("Find the patient"),
        help_text=_("Name, e-mail or phone. Leave it empty for somebody new."),
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"day": timezone.localdate().isoformat()})
        fields: Any = self.fields
        fields["doctor"].queryset = Doctor.objects.filter(is_active=True)
        fields["service"].queryset = Service.objects.filter(is_active=True)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        today = timezone.localdate()
        # A doctor's clock may be a day behind the clinic's.
        if not today - timedelta(days=1) <= day <= today + _FARTHEST:
            raise ValidationError(_("Choose a day from today on, within two years."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        doctor, service = cleaned.get("doctor"), cleaned.get("service")
        if doctor and service and not doctor.services.filter(pk=service.pk).exists():
            offered = ", ".join(str(each) for each in doctor.services.all())
            self.add_error(
                "service", _("This doctor offers: %(offered)s.") % {"offered": offered}
            )
        return cleaned


class BookingForm(forms.Form):
    """Which of the times, and for whom: somebody found, or somebody new."""

    slot = forms.ChoiceField(
        label=_("Time"),
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={
            "required": _("Choose a time."),
            "invalid_choice": _("This time is not free any more. Choose another."),
        },
    )
    who = forms.ChoiceField(label=_("Patient"), widget=UnfoldAdminRadioSelectWidget)
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        widget=UnfoldAdminEmailInputWidget,
    )
    phone = forms.CharField(
        label=_("Phone"),
        help_text=_("With its country, for example +44 1632 960118."),
        max_length=40,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    reason = forms.CharField(
        label=_("Reason for the visit (optional)"),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(
        self, data: Any = None, *, times: _Choices, found: Iterable[Patient]
    ) -> None:
        people = [(str(each.pk), _described(each)) for each in found]
        first = people[0][0] if len(people) == 1 else NEW
        super().__init__(data, initial={"who": first})
        fields: Any = self.fields
        fields["slot"].choices = list(times)
        fields["who"].choices = [*people, (NEW, _("Somebody new, named below"))]

    def clean_phone(self) -> str:
        return plain_phone(self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("who") == NEW and not self.errors:
            if not cleaned.get("name"):
                self.add_error("name", _("Enter the name of the patient."))
            if not cleaned.get("email") and not cleaned.get("phone"):
                self.add_error("phone", _("Enter a phone number or an e-mail address."))
        return cleaned

    def person(self) -> Patient:
        """The patient that was chosen, or a new one, not saved yet.

        Raises:
            Patient.DoesNotExist: the record has been deleted meanwhile.
        """
        given = self.cleaned_data
        if given["who"] != NEW:
            return Patient.objects.get(pk=UUID(given["who"]))
        return Patient(
            name=given["name"], email=given["email"].lower(), phone=given["phone"]
        )


def _described(patient: Patient) -> str:
    born = patient.date_of_birth
    facts = [patient.name, f"{born:%Y-%m-%d}" if born else "", patient.email]
    return " · ".join(filter(None, [*facts, patient.phone]))
