"""What the API says of our objects. The classes describe it for the schema.

`to_representation` is written by hand: lists of hundreds of slots go through it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from bookings.models import Appointment, Doctor, Patient, Service, Slot


class IdField(serializers.CharField):
    """An opaque id."""


class DoctorSerializer(serializers.Serializer[Doctor]):
    id = IdField()
    slug = serializers.CharField()
    name = serializers.CharField()
    title = serializers.CharField()
    specialty = serializers.CharField()
    timezone = serializers.CharField(help_text=_("An IANA time zone."))
    languages = serializers.ListField(child=serializers.CharField())
    bio = serializers.CharField()
    services = serializers.ListField(child=serializers.CharField())

    def to_representation(self, doctor: Doctor) -> dict[str, Any]:
        return {
            "id": str(doctor.pk),
            "slug": doctor.slug,
            "name": doctor.name,
            "title": doctor.title,
            "specialty": doctor.specialty_label,
            "timezone": doctor.timezone,
            "languages": doctor.languages,
            "bio": doctor.bio_text,
            "services": [str(s.pk) for s in doctor.services.all() if s.is_active],
        }


class ServiceSerializer(serializers.Serializer[Service]):
    id = IdField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    bring = serializers.CharField(help_text=_("What to bring."))
    mode = serializers.ChoiceField(choices=Service.Mode.choices)
    duration_minutes = serializers.IntegerField()

    def to_representation(self, service: Service) -> dict[str, Any]:
        return {
            "id": str(service.pk),
            "slug": service.slug,
            "name": service.in_language("name"),
            "description": service.in_language("description"),
            "bring": service.in_language("bring"),
            "mode": service.mode,
            "duration_minutes": service.duration_minutes,
        }


class SlotSerializer(serializers.Serializer[Any]):
    """A time as everybody sees it. Give `now` in the context."""

    id = IdField()
    doctor = IdField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=Slot.Status.choices)
    version = serializers.IntegerField(help_text=_("Only grows."))

    def to_representation(self, slot: Slot) -> dict[str, Any]:
        return slot_as_json(slot, self.context["now"])


def slot_as_json(slot: Slot, now: datetime) -> dict[str, Any]:
    return {
        "id": str(slot.pk),
        "doctor": str(slot.doctor_id),
        "start": instant(slot.start),
        "end": instant(slot.end),
        "status": str(slot.status_at(now)),
        "version": slot.version_at(now),
    }


def instant(moment: datetime) -> str:
    """Write an instant as `2026-11-30T09:00:00Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class HoldSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text=_("The secret of the hold; told once."))
    slot = IdField()
    slots = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()


class PersonSerializer(serializers.Serializer[Patient]):
    id = IdField()
    name = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField(help_text=_("As +441632960118."))
    date_of_birth = serializers.DateField(allow_null=True)

    def to_representation(self, patient: Patient) -> dict[str, Any]:
        return _person_as_json(patient)


def _person_as_json(patient: Patient) -> dict[str, Any]:
    born = patient.date_of_birth
    return {
        "id": str(patient.pk),
        "name": patient.name,
        "email": patient.email,
        "phone": patient.phone,
        "date_of_birth": born.isoformat() if born else None,
    }


class AppointmentSerializer(serializers.Serializer[Appointment]):
    id = IdField()
    reference = serializers.CharField(help_text=_("Short, for people: 7K2M-94XQ-HB."))
    status = serializers.ChoiceField(choices=Appointment.Status.choices)
    slot = serializers.CharField(allow_null=True, help_text=_("The first of `slots`."))
    slots = serializers.ListField(child=serializers.CharField())
    doctor = IdField()
    service = IdField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    patient = PersonSerializer()
    reason = serializers.CharField()
    needs_new_time = serializers.BooleanField(
        help_text=_("The clinic had to take its time away; reschedule it.")
    )
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()

    def to_representation(self, appointment: Appointment) -> dict[str, Any]:
        return appointment_as_json(appointment, _slots_of(appointment))


def appointment_as_json(
    appointment: Appointment, slot_ids: Iterable[UUID]
) -> dict[str, Any]:
    """An appointment that has these slots, by start; asks nothing of the database."""
    slots = [str(slot_id) for slot_id in slot_ids]
    return {
        "id": str(appointment.pk),
        "reference": appointment.reference,
        "status": str(appointment.status),
        "slot": slots[0] if slots else None,
        "slots": slots,
        "doctor": str(appointment.doctor_id),
        "service": str(appointment.service_id),
        "start": instant(appointment.start),
        "end": instant(appointment.end),
        "patient": _person_as_json(appointment.patient),
        "reason": appointment.reason,
        "needs_new_time": appointment.is_unplaced,
        "version": appointment.version,
        "created_at": instant(appointment.created_at),
    }


def _slots_of(appointment: Appointment) -> list[UUID]:
    """The slots it has now; of one that has none any more, those it was booked on."""
    if appointment.is_unplaced:
        return []
    return appointment.slot_ids or appointment.original_slots


class ProblemSerializer(serializers.Serializer[Any]):
    """An error, as application/problem+json."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text=_("Stable; decide by this one."))
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )
