"""Taking slots out of the calendar at the desk, and putting them back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.actions import slots
from bookings.desk import clock
from bookings.desk.confirm import NoteForm, Question, ask
from bookings.errors import BookingError
from bookings.models import Slot

MOST = 500  # slots at once


@dataclass(frozen=True)
class Row:
    pk: UUID
    line: str
    version: None = None


def block(
    admin: Any, request: HttpRequest, queryset: QuerySet[Slot]
) -> HttpResponse | None:
    """Ask for a note, or, once it was asked, block."""
    rows = _few_enough(admin, request, queryset)
    if rows is None:
        return None
    form = NoteForm(
        request.POST if "post" in request.POST else None,
        label=_("Note for staff (optional)"),
        help_text=_("Patients do not see it."),
        longest=120,
    )
    if form.is_valid():
        note = form.cleaned_data["note"]
        _do(admin, request, rows, lambda ids: slots.block(ids, note=note))
        return None
    question = Question(
        title=_("Block slots"),
        warning=_("Patients cannot choose these times any more. Taken ones stay."),
        button=_("Block"),
        rows=[Row(each.pk, _line(each)) for each in rows],
        action="block",
        back=request.get_full_path(),
    )
    return ask(request, admin, question, form)


def unblock(admin: Any, request: HttpRequest, queryset: QuerySet[Slot]) -> None:
    """Put blocked slots back."""
    rows = _few_enough(admin, request, queryset)
    if rows is not None:
        _do(admin, request, rows, slots.unblock)


def _line(slot: Slot) -> str:
    return f"{clock.wall(slot.start, slot.doctor.timezone)} · {slot.doctor}"


def _few_enough(
    admin: Any, request: HttpRequest, queryset: QuerySet[Slot]
) -> list[Slot] | None:
    rows = list(queryset.select_related("doctor")[: MOST + 1])
    if len(rows) <= MOST:
        return rows
    said = ngettext("Choose at most %(n)d slot.", "Choose at most %(n)d slots.", MOST)
    admin.message_user(request, said % {"n": MOST}, messages.ERROR)
    return None


def _do(
    admin: Any,
    request: HttpRequest,
    rows: list[Slot],
    change: Callable[[list[UUID]], int],
) -> None:
    try:
        changed = change([each.pk for each in rows])
    except BookingError as error:
        admin.message_user(request, str(error), messages.ERROR)
        return
    said = ngettext(
        "%(n)d of %(all)d slot was changed.",
        "%(n)d of %(all)d slots were changed.",
        len(rows),
    ) % {"n": changed, "all": len(rows)}
    if changed < len(rows):
        said += " " + _("The others are taken, or were so already.")
    admin.message_user(request, said, messages.SUCCESS)
