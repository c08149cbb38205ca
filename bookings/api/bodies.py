"""What may be sent. Names that are not here are ignored, whatever they promise."""

import unicodedata
from datetime import date
from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

import phonenumbers
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bookings.api.formats import as_uuid
from tenants.names import is_zone

_EARLIEST_BIRTH = date(1900, 1, 1)


@extend_schema_field(str)
class IdInBody(serializers.Field[UUID, Any, str, Any]):
    default_error_messages = {"invalid": _("This is not an id.")}

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return as_uuid(data)
        except ValueError:
            self.fail("invalid")


class LineField(serializers.CharField):
    """A text of one line, in NFC, so that equal texts are equal bytes."""

    default_error_messages = {"invalid": _("Send a text.")}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return " ".join(unicodedata.normalize("NFC", data).split())


class ZoneField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        name = str(super().to_internal_value(data))
        try:
            is_zone(name)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        return name


class PhoneField(serializers.CharField):
    """A number as people write it; kept as +441632960118. Give `zone` in the context."""

    default_error_messages = {"not_a_number": _("This is not a telephone number.")}

    def to_internal_value(self, data: Any) -> str:
        typed = str(super().to_internal_value(data))
        if not typed:
            return ""
        try:
            number = phonenumbers.parse(typed, _regions().get(self.context["zone"]))
        except phonenumbers.NumberParseException:
            self.fail("not_a_number")
        if not phonenumbers.is_possible_number(number):
            self.fail("not_a_number")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@cache
def _regions() -> dict[str, str]:
    """Country by zone, from the table that comes with the time zone database."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text()
    rows = (line.split("\t") for line in table.splitlines() if line[:1] != "#")
    return {zone: country for country, _place, zone, *_note in rows}


class PersonBody(serializers.Serializer[None]):
    name = LineField(max_length=200)
    email = serializers.EmailField(max_length=254)
    phone = PhoneField(max_length=40, required=False, allow_blank=True, default="")
    date_of_birth = serializers.DateField(
        required=False, allow_null=True, default=None, input_formats=["%Y-%m-%d"]
    )

    def validate_date_of_birth(self, born: date | None) -> date | None:
        if born and not _EARLIEST_BIRTH <= born <= timezone.localdate():
            message = _("Use a date between 1900 and today.")
            raise serializers.ValidationError(message)
        return born


class HoldBody(serializers.Serializer[None]):
    slot = IdInBody()
    service = IdInBody(required=False, allow_null=True, default=None)


class BookingBody(HoldBody):
    slot = IdInBody(required=False, allow_null=True, default=None)
    start = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text=_("Instead of `slot`: any doctor who offers the service then."),
    )
    hold = serializers.CharField(
        max_length=200, required=False, allow_null=True, default=None
    )
    patient = PersonBody(required=False, allow_null=True, default=None)
    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default=""
    )
    timezone = ZoneField(max_length=64, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs["slot"]) == bool(attrs["start"]):
            message = _("Send either slot or start.")
            raise serializers.ValidationError({"slot": message})
        if attrs["start"] and not attrs["service"]:
            message = _("Say which service, for any doctor.")
            raise serializers.ValidationError({"service": message})
        if attrs["start"] and attrs["hold"]:
            message = _("A hold is on one doctor's time: send its slot.")
            raise serializers.ValidationError({"hold": message})
        return attrs


class CancelBody(serializers.Serializer[None]):
    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default=""
    )


class MoveBody(serializers.Serializer[None]):
    slot = IdInBody()
    hold = serializers.CharField(
        max_length=200, required=False, allow_null=True, default=None
    )
