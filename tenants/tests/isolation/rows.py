"""Writes rows whose texts warn of their clinic, and counts what has none."""

from collections.abc import Iterator
from typing import Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import models

from tenants.context import current_clinic
from tenants.models import Clinic

Row = TypeVar("Row", bound=models.Model)
SHORTEST = len("CANARY-RIVERSIDE")


def canary_of(clinic: Clinic) -> str:
    """What the texts in a clinic's tables have."""
    return f"CANARY-{clinic.slug.upper()}"


def noted_of(clinic: Clinic) -> str:
    """What the texts have that the platform keeps of a clinic."""
    return f"NOTED-OF-{clinic.slug.upper()}"


def save(model: type[Row], **given: Any) -> Row:
    """Write a row; texts that nobody gave a value are canaries."""
    row = model(**given)
    for column in _free_texts(model):
        if column.name not in given:
            length = getattr(column, "max_length", None)
            which = f"{column.name} {row.pk}" if column.unique else column.name
            setattr(row, column.attname, canary(which)[:length])
    models.Model.save_base(row, force_insert=True)
    return row


def _free_texts(model: type[models.Model]) -> list[Any]:
    return [
        column
        for column in model._meta.concrete_fields
        if isinstance(column, models.CharField | models.TextField)
        and not isinstance(column, models.EmailField | models.SlugField)
        and not column.choices
        and not column.primary_key
        and (column.max_length or 99) >= SHORTEST
    ]


def canary(what: str) -> str:
    return f"{canary_of(current_clinic())} {what}"


def drawing() -> str:
    said = canary("drawn")
    return f'<svg xmlns="http://www.w3.org/2000/svg"><title>{said}</title></svg>'


def models_without_rows() -> list[str]:
    """Name the models of the clinics' apps that the current clinic has no row of."""
    return [
        model._meta.label
        for model in models_of_clinics()
        if not model._base_manager.exists()
    ]


def texts_without_canary() -> list[str]:
    """Name models with free texts of which no row of the current clinic warns."""
    warning, silent = canary_of(current_clinic()), []
    for model in models_of_clinics():
        columns = _free_texts(model)
        warned = models.Q()
        for column in columns:
            warned |= models.Q(**{f"{column.name}__contains": warning})
        if columns and not model._base_manager.filter(warned).exists():
            silent.append(model._meta.label)
    return silent


def models_of_clinics() -> Iterator[type[models.Model]]:
    for config in apps.get_app_configs():
        if config.name in settings.TENANT_APPS:
            yield from config.get_models(include_auto_created=True)
