"""What no constraint of the tables says: what a row points at is there, and a visit's slots
are where the visit is. Our statements keep to it; an archive may not."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, QuerySet

from bookings.models import Appointment, Slot
from tenants.versions import clinic_app_labels


def broken() -> Iterator[str]:
    """Yield the columns, as `table.column`, of which a row of the current clinic is wrong."""
    for field in _unconstrained():
        if _has_lost_its_target(field):
            yield f"{field.model._meta.db_table}.{field.column}"
    if _slots_elsewhere().exists():
        yield f"{Slot._meta.db_table}.start"


def _unconstrained() -> Iterator[Any]:
    for label in clinic_app_labels():
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.concrete_fields:
                if not getattr(field, "db_constraint", True):
                    yield field


def _has_lost_its_target(field: Any) -> bool:
    there = field.related_model._base_manager.filter(pk=OuterRef(field.attname))
    rows = field.model._base_manager.filter(**{f"{field.name}__isnull": False})
    return bool(rows.exclude(Exists(there)).exists())


def _slots_elsewhere() -> "QuerySet[Slot]":
    """Slots that `Appointment.slots` would not find."""
    there = Appointment.objects.filter(
        pk=OuterRef("appointment_id"),
        doctor=OuterRef("doctor_id"),
        start__lte=OuterRef("start"),
        end__gt=OuterRef("start"),
    )
    return Slot.objects.exclude(appointment=None).exclude(Exists(there))
