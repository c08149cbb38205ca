"""The two forms of booking at the desk: which visit, and for whom at which time."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from bookings.actions.series import LONGEST
from bookings.desk.forms import plain_phone
from bookings.models import Doctor, Patient, Service

NEW = "new"
_NUMBERS = ("times", "every_weeks", "at_least")
_Choices = Iterable[tuple[str, str]]
_FARTHEST = timedelta(days=731)
GONE = _("This time is not free any more. Choose another.")
SENT_BEFORE = _(
    "This form was sent before with other details, and that was booked. If you want "
    "to book this as well, press Book again."
)
NOT_FREE = _("This time is not free. Choose another, or say why it must be this one.")


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
    every = forms.BooleanField(
        label=_("Show times that are not free, too"),
        help_text=_("To put one more visit on a time that is taken."),
        required=False,
        widget=UnfoldBooleanWidget,
    )

    def __init__(self, data: Any = None, *, may_overbook: bool) -> None:
        super().__init__(data, initial={"day": timezone.localdate().isoformat()})
        fields: Any = self.fields
        if not may_overbook:
            del fields["every"]
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


@dataclass(frozen=True)
class Times:
    """The starts of a day by slot id: how each is shown, and why one cannot be had."""

    free: dict[str, str]
    refused: dict[str, str] = field(default_factory=dict)  # could be overbooked
    sentences: dict[str, str] = field(default_factory=dict)
    shown: Container[str] = ()  # which of the refused were asked for

    def choices(self, chosen: str) -> _Choices:
        """Those to choose from, in order."""
        also = {
            key: f"{name} · {self.sentences[key]}"
            for key, name in self.refused.items()
            if key in self.shown or key == chosen
        }
        return sorted((self.free | also).items(), key=lambda each: each[1])


class BookingForm(forms.Form):
    """Which of the times, and for whom: somebody found, or somebody new."""

    nonce = forms.CharField(widget=forms.HiddenInput, required=False)
    slot = forms.ChoiceField(
        label=_("Time"),
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={"required": _("Choose a time."), "invalid_choice": GONE},
    )
    why = forms.CharField(
        label=_("Book all the same – why?"),
        help_text=_("The visit is marked as overbooked, with this reason."),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
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
    times = forms.IntegerField(
        label=_("Repeat weekly: number of visits"),
        help_text=_("1 books once."),
        min_value=1,
        max_value=LONGEST,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    every_weeks = forms.IntegerField(
        label=_("Every how many weeks"),
        min_value=1,
        max_value=12,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    at_least = forms.IntegerField(
        label=_("At least how many must be had"),
        help_text=_("Leave it empty for all of them."),
        min_value=1,
        max_value=LONGEST,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    def __init__(
        self, data: Any = None, *, offered: Times, found: Iterable[Patient], slot: str
    ) -> None:
        people = [(str(each.pk), _described(each)) for each in found]
        first = people[0][0] if len(people) == 1 else NEW
        start = {"who": first, "times": 1, "every_weeks": 1, "nonce": uuid4().hex}
        super().__init__(data, initial={"slot": slot, **start})
        self.offered = offered
        self.chosen = slot if data is None else str(data.get("slot", ""))
        # Whether `why` is asked for: only of a time that cannot be had otherwise.
        self.offers_overbooking = self.chosen in offered.refused
        fields: Any = self.fields
        fields["slot"].choices = offered.choices(self.chosen)
        fields["who"].choices = [*people, (NEW, _("Somebody new, named below"))]

    def plain(self) -> list[forms.BoundField]:
        """The fields from top to bottom, as far as they are asked for."""
        left_out = set(_NUMBERS) if self.offers_overbooking else {"why", *_NUMBERS}
        return [self[name] for name in self.fields if name not in left_out]

    def numbers(self) -> list[forms.BoundField]:
        """The fields of a series, side by side."""
        return [self[name] for name in _NUMBERS]

    def begin_anew(self) -> None:
        """Take another key: this one has booked something else."""
        self.data = {**self.data.dict(), "nonce": uuid4().hex}  # type: ignore[attr-defined]
        self.add_error(None, SENT_BEFORE)

    def clean_times(self) -> int:
        return self.cleaned_data["times"] or 1

    def clean_every_weeks(self) -> int:
        return self.cleaned_data["every_weeks"] or 1

    def clean_phone(self) -> str:
        return plain_phone(self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("who") == NEW and not self.errors:
            if not cleaned.get("name"):
                self.add_error("name", _("Enter the name of the patient."))
            if not cleaned.get("email") and not cleaned.get("phone"):
                self.add_error("phone", _("Enter a phone number or an e-mail address."))
        self._check_slot(cleaned)
        self._check_series(cleaned)
        return cleaned

    def _check_slot(self, cleaned: dict[str, Any]) -> None:
        """A time that is not free takes a reason, and is for one visit only."""
        chosen = cleaned.get("slot")
        if chosen not in self.offered.refused:
            return
        if cleaned.get("times", 1) > 1:
            self.add_error("times", _("Only one visit at a time can be overbooked."))
        elif not cleaned.get("why"):
            was_shown = chosen in self.offered.shown
            self.add_error("slot", NOT_FREE if was_shown else GONE)

    def _check_series(self, cleaned: dict[str, Any]) -> None:
        if (cleaned.get("at_least") or 0) > cleaned.get("times", LONGEST):
            self.add_error("at_least", _("That is more than there are visits."))

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
