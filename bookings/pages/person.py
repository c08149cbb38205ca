"""Who a visit is for: me, one of my family, or somebody whose details are typed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.models import User
from bookings.models import Patient
from bookings.pages.fields import (
    BirthDateField,
    NameField,
    PhoneField,
    region_of,
    says_month_first,
)

ME, OTHER = "me", "other"
_NUMBERED = 5  # the stylesheet knows six choices, "somebody else" being one


@dataclass(frozen=True)
class Person:
    """One line of “Choose a person”."""

    value: str
    name: str
    note: str
    patient: Patient | None = None


class PersonForm(forms.Form):
    """The confirm page's form. Guests type their details; members choose a person."""

    who = forms.CharField(required=False, max_length=36)
    name = NameField(
        label=gettext_lazy("Full name"),
        required=False,
        max_length=200,
        error_messages={"max_length": gettext_lazy("This is too long for a name.")},
    )
    dob = BirthDateField(
        label=gettext_lazy("Date of birth"), required=False, max_length=40
    )
    email = forms.EmailField(
        label=gettext_lazy("Email"),
        required=False,
        max_length=254,
        error_messages={
            "invalid": gettext_lazy("Write the email address as name@example.com.")
        },
    )
    tel = PhoneField(
        label=gettext_lazy("Phone, if you like"), required=False, max_length=40
    )
    reason = forms.CharField(
        label=gettext_lazy("What is it about? You may leave this empty"),
        required=False,
        max_length=500,
        error_messages={
            "max_length": gettext_lazy("This is too long: up to 500 letters, please.")
        },
    )

    def __init__(
        self, data: Any = None, *, user: User | AnonymousUser, zone: str
    ) -> None:
        super().__init__(data)
        self.user = user if isinstance(user, User) else None
        phone = self.fields["tel"]
        if isinstance(phone, PhoneField):
            phone.region = region_of(zone)

    @cached_property
    def people(self) -> list[Person]:
        """Whom a member may choose; nobody for guests."""
        if self.user is None:
            return []
        mine = Patient.objects.of_user(self.user)
        own = next((each for each in mine if each.user_id), None)
        family = [each for each in mine if not each.user_id][:_NUMBERED]
        me = Person(ME, own.name if own else self.user.name, _note(own, _("You")), own)
        return [
            me,
            *(Person(str(each.pk), each.name, _note(each), each) for each in family),
        ]

    @property
    def chosen(self) -> str:
        """The choice to mark: what was sent, else the first."""
        sent = str(self.data.get("who", ""))
        known = [person.value for person in self.people]
        return sent if sent in {*known, OTHER} else (known or [OTHER])[0]

    @property
    def dob_hint(self) -> str:
        """An example in the order that the field reads."""
        example = "3 27 1984" if says_month_first() else "27 3 1984"
        return _("For example, %(example)s") % {"example": example}

    @property
    def is_typed(self) -> bool:
        return self.user is None or self.data.get("who") == OTHER

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.is_typed:
            self._forget_typed(cleaned)
            if cleaned.get("who") not in [person.value for person in self.people]:
                self.add_error("who", _("Choose who the visit is for."))
            return cleaned
        if not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", _("Write the name of the person who is coming."))
        needs_email = self.user is None and "email" not in self.errors
        if needs_email and not cleaned.get("email"):
            self.add_error("email", _("Write an email address: we confirm by email."))
        return cleaned

    def patient(self) -> Patient:
        """The person of a valid form; one who is new is saved with the booking."""
        if self.is_typed:
            return self._known() or self._new()
        for person in self.people:
            if person.value == self.cleaned_data["who"] and person.patient:
                return person.patient
        return self._me()

    def _forget_typed(self, cleaned: dict[str, Any]) -> None:
        """Details of "somebody else" mean nothing once another person is chosen."""
        for name in ("name", "dob", "email", "tel"):
            self.errors.pop(name, None)
            cleaned.pop(name, None)

    def _known(self) -> Patient | None:
        """The same person, booked for before by this member. Guests are never matched."""
        name, born = self.cleaned_data["name"].casefold(), self.cleaned_data["dob"]
        for person in self.people[1:]:
            patient = person.patient
            if patient and (patient.name.casefold(), patient.date_of_birth) == (
                name,
                born,
            ):
                return patient
        return None

    def _new(self) -> Patient:
        typed = self.cleaned_data
        return Patient(
            name=typed["name"],
            date_of_birth=typed["dob"],
            email=typed["email"],
            phone=typed["tel"],
            language=get_language() or "",
            guardian=self._me() if self.user else None,
        )

    def _me(self) -> Patient:
        user = self.user
        if user is None:
            raise TypeError
        mine, _made = Patient.objects.get_or_create(
            user=user,
            defaults={
                "name": user.name,
                "email": user.email,
                "language": get_language() or "",
            },
        )
        return mine


def _note(patient: Patient | None, who: str = "") -> str:
    born = patient and patient.date_of_birth
    told = [who] if who else []
    if born:
        told.append(_("born %(day)s") % {"day": date_format(born, "SHORT_DATE_FORMAT")})
    return capfirst(", ".join(told))
