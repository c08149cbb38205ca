"""Objects of models without their `__init__`, which takes ten times as long."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db.models import ForeignKey, Model
from django.db.models.base import ModelState

Made = TypeVar("Made", bound=Model)


def partly_known(
    model: type[Model], names: Sequence[str], values: Sequence[Any]
) -> Any:
    """Return a saved object of which only some columns are known: to ask for another fails."""
    known = model.__new__(model)
    known._state = ModelState()
    known._state.adding, known._state.db = False, "default"
    known.__dict__.update(zip(names, values, strict=True))
    return known


def made(model: type[Made], **given: Any) -> Made:
    """Return a new object, to be saved, as `model(**given)` would.

    Args:
        given: attributes by their names, as columns have them (`doctor_id`), or the
            objects of foreign keys (`doctor`); what is not given has its default.
    """
    new = model.__new__(model)
    new._state = ModelState()
    values = new.__dict__
    constants, computed, keys = _defaults(model)
    values.update(constants)
    for name, value in given.items():
        if key := keys.get(name):
            values[key.attname] = None if value is None else value.pk
            new._state.fields_cache[name] = value
        else:
            values[name] = value
    for name, compute in computed:
        if name not in given:
            values[name] = compute()
    return new


def relate(row: Model, **to: Model | None) -> None:
    """Set foreign keys, as assigning them would, which asks the routers of databases."""
    *_, keys = _defaults(type(row))
    for name, other in to.items():
        row.__dict__[keys[name].attname] = None if other is None else other.pk
        row._state.fields_cache[name] = other


@cache
def _defaults(
    model: type[Model],
) -> tuple[
    dict[str, Any], list[tuple[str, Callable[[], Any]]], dict[str, ForeignKey[Any, Any]]
]:
    """The defaults that stay, those that are computed each time, and the foreign keys."""
    constants: dict[str, Any] = {}
    computed: list[tuple[str, Callable[[], Any]]] = []
    keys: dict[str, ForeignKey[Any, Any]] = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey):
            keys[field.name] = field
        if field.has_default() and callable(field.default):
            computed.append((field.attname, field.default))
        else:
            constants[field.attname] = field.get_default()
    return constants, computed, keys
