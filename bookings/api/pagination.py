"""Lists by cursor: a page starts after the last row of the one before, not at a number.

So rows that come or go between two calls neither repeat nor hide others.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

DEFAULT, MOST = 200, 500  # rows of a page
Position = tuple[bool, list[Any]]  # backwards?, the values of the row next to the page


class Cursor(BasePagination):
    """Pages in the order of the view's `cursor_fields`, which name each row once."""

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any]:
        """Return the rows of the page that `cursor` and `limit` ask for.

        Args:
            queryset: rows in any order, or a list of them that is in order.
        """
        self.url = request.build_absolute_uri()
        self.fields: Sequence[str] = getattr(view, "cursor_fields", ("start", "id"))
        limit = _limit(request.query_params.get("limit"))
        cursor = request.query_params.get("cursor")
        model = queryset.model if isinstance(queryset, QuerySet) else view.cursor_model
        position = _decode(cursor, model, self.fields) if cursor else None
        backwards = bool(position and position[0])
        rows = self._rows(queryset, position, limit + 1)
        has_more = len(rows) > limit
        rows = rows[:limit]
        if backwards:
            rows.reverse()
        self._link(
            rows,
            before=has_more if backwards else cursor is not None,
            after=backwards or has_more,
        )
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next, "previous": self.previous})

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": {"type": "array", "items": schema["items"]},
                "next": link,
                "previous": link,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        del view
        whole = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}
        return [
            {"name": "cursor", "in": "query", "schema": {"type": "string"}},
            {"name": "limit", "in": "query", "schema": whole},
        ]

    def _rows(self, source: Any, position: Position | None, count: int) -> list[Any]:
        backwards, values = position or (False, None)
        if isinstance(source, QuerySet):
            sign = "-" if backwards else ""
            if values is not None:
                source = source.filter(
                    _beyond(self.fields, values, backwards=backwards)
                )
            return list(
                source.order_by(*(f"{sign}{each}" for each in self.fields))[:count]
            )
        rows = list(source)
        if values is not None:
            here = tuple(values)
            rows = [
                row
                for row in rows
                if (self._key(row) < here if backwards else self._key(row) > here)
            ]
        return (rows[::-1] if backwards else rows)[:count]

    def _key(self, row: Model) -> tuple[Any, ...]:
        return tuple(getattr(row, each) for each in self.fields)

    def _link(self, rows: list[Any], *, before: bool, after: bool) -> None:
        self.next = self.previous = None
        clean = remove_query_param(self.url, "cursor")
        if rows and after:
            self.next = replace_query_param(
                clean, "cursor", _encode(self._key(rows[-1]), "n")
            )
        if rows and before:
            self.previous = replace_query_param(
                clean, "cursor", _encode(self._key(rows[0]), "p")
            )


def _beyond(fields: Sequence[str], values: list[Any], *, backwards: bool) -> Q:
    """Select what lies beyond a row, in the order of `fields`."""
    operator = "lt" if backwards else "gt"
    beyond = Q()
    for n, field in enumerate(fields):
        same = dict(zip(fields[:n], values, strict=False))
        beyond |= Q(**same, **{f"{field}__{operator}": values[n]})
    # Said once more, in a form that an index can follow.
    return Q(**{f"{fields[0]}__{operator}e": values[0]}) & beyond


def _encode(values: Sequence[Any], direction: str) -> str:
    told = json.dumps([direction, *(str(value) for value in values)])
    return urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _decode(cursor: str, model: type[Model], fields: Sequence[str]) -> Position:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        direction, *told = json.loads(urlsafe_b64decode(padded.encode("ascii")))
        values = [
            _value(model, field, value)
            for field, value in zip(fields, told, strict=True)
        ]
    except (ValueError, TypeError, RecursionError, DjangoValidationError) as error:
        raise ValidationError(
            {"cursor": [_("This cursor is not one of ours.")]}
        ) from error
    return direction == "p", values


def _value(model: type[Model], field: str, told: Any) -> Any:
    if not isinstance(told, str) or "\x00" in told:
        raise ValueError(told)
    value = cast("Field[Any, Any]", model._meta.get_field(field)).to_python(told)
    if value is None or (isinstance(value, datetime) and value.tzinfo is None):
        raise ValueError(told)
    return value


def _limit(told: str | None) -> int:
    if told is None:
        return DEFAULT
    if told.isascii() and told.isdigit() and len(told) < 9 and 1 <= int(told) <= MOST:
        return int(told)
    raise ValidationError({"limit": [_("Ask for 1 to %(n)d.") % {"n": MOST}]})
