"""For whom an appointment is made through the API."""

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from accounts import roles
from accounts.models import User
from bookings.models import Patient


def patient_for(user: User | None, told: dict[str, Any] | None) -> Patient:
    """Return the person to book for: saved, or to be saved with the booking.

    Guests and the desk name somebody new each time: nobody is matched by e-mail. A
    patient's own name, or none, means themselves; another name somebody of theirs.

    Raises:
        ValidationError: nobody is named, and the caller is no patient.
    """
    if user is None or roles.is_staff(user):
        if told is None:
            raise ValidationError({"patient": [_("Say for whom this is.")]})
        return Patient(language=get_language() or "", **told)
    own = _own(user)
    if told is None or _same_name(told["name"], own.name):
        return own
    relative = own.dependants.filter(
        name__iexact=told["name"], date_of_birth=told["date_of_birth"]
    ).first()
    return relative or Patient(guardian=own, language=get_language() or "", **told)


def _own(user: User) -> Patient:
    own, _made = Patient.objects.get_or_create(
        user=user,
        defaults={
            "name": user.name,
            "email": user.email,
            "language": get_language() or "",
        },
    )
    return own


def _same_name(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
