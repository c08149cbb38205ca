"""Signed links: who has the mail may see its appointment, without a log-in.

The signature is bound to the clinic's UUID, so that a link means nothing at another
clinic, nor at one that has taken over a freed slug. Opening a link changes nothing:
mail scanners open links too.
"""

from django.core import signing
from django.utils.crypto import constant_time_compare

from bookings.models import Appointment
from tenants.context import current_clinic

PARAMETER = "key"


def appointment_url(appointment: Appointment) -> str:
    """Return the absolute address of an appointment that opens without a log-in."""
    path = f"/appointments/{appointment.reference}/"
    return current_clinic().url(f"{path}?{PARAMETER}={key_of(appointment)}")


def key_of(appointment: Appointment) -> str:
    """Return the secret part of the link: the same each time, for this one only."""
    signer = signing.Signer(salt=f"slotwell.appointment.{current_clinic().pk}")
    return signer.signature(str(appointment.pk))


def opens(key: str, appointment: Appointment) -> bool:
    """Whether `key` is the one of `appointment`. Any text may be asked about."""
    return constant_time_compare(key.encode(errors="replace"), key_of(appointment))
