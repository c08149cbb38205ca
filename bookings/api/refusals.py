"""What a refusal offers instead, and what is refused before any action is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request

from bookings import agenda
from bookings.actions import claims
from bookings.api.formats import versions
from bookings.api.problems import TakenError
from bookings.api.serializers import slot_as_json
from bookings.errors import SlotTakenError, VersionMismatchError
from bookings.models import Appointment, Service


@contextmanager
def with_alternatives(
    slot_id: UUID, service: Service | None, *, is_move: bool = False
) -> Iterator[None]:
    """Add the three nearest free slots to the news that one is taken."""
    try:
        yield
    except SlotTakenError as error:
        raise TakenError(alternatives(slot_id, service, is_move=is_move)) from error


def alternatives(
    slot_id: UUID, service: Service | None, *, is_move: bool = False
) -> list[dict[str, Any]]:
    """The three free slots nearest to one, as slots of the API."""
    now = timezone.now()
    slot = claims.find_slot(slot_id)
    wanted = service or slot.doctor.default_service
    nearest = agenda.alternatives(slot, service=wanted, now=now, is_move=is_move)
    return [slot_as_json(each.slot, now) for each in nearest]


def service_of(service_id: UUID | None) -> Service | None:
    """Return the service that was named, or None for the doctor's default one.

    Raises:
        NotFound: there is none with this id.
    """
    if service_id is None:
        return None
    service = Service.objects.filter(pk=service_id).first()
    if service is None:
        raise NotFound(_("This service does not exist."))
    return service


def expected_version(request: Request, appointment: Appointment) -> int | None:
    """Hold `If-Match` to the appointment; None when any version will do.

    Raises:
        VersionMismatchError: it was changed since the caller read it.
        ValidationError: the header is none of our entity tags.
    """
    try:
        expected = versions(request.headers.get("If-Match", ""))
    except ValueError as error:
        raise ValidationError({"If-Match": [_('Send an ETag such as "3".')]}) from error
    if expected is None:
        return None
    if appointment.version not in expected:
        raise VersionMismatchError
    return appointment.version
