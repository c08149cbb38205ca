"""Two people with the same form open: the second to save sees what the first has done."""

import hashlib
import json
from typing import Any

from django.contrib.admin.utils import unquote
from django.db import transaction
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

SEEN = "_seen"


class KeepsBoth:
    """An admin whose forms remember the row they were opened on.

    The fingerprint goes with the form. Saved over another one, the answer shows both,
    keeps what was typed, and asks which is meant.
    """

    change_form_before_template = "admin/desk/seen.html"
    model: Any
    admin_site: Any
    get_object: Any
    get_inline_instances: Any

    def changeform_view(
        self,
        request: Any,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        def form(seen: str = "") -> Any:
            context = {"seen": seen} | (extra_context or {})
            view: Any = super(KeepsBoth, self)
            return view.changeform_view(request, object_id, form_url, context)

        if object_id is None:
            return form()
        if request.method != "POST":
            return form(self._fingerprint(request, self._row(request, object_id)))
        with transaction.atomic():
            row = self._row(request, object_id, is_locked=True)
            now = self._fingerprint(request, row)
            if row is not None and request.POST.get(SEEN, now) != now:
                return self._conflict(request, row, now)
            return form(now)

    def _row(
        self, request: HttpRequest, object_id: str, *, is_locked: bool = False
    ) -> Any:
        row = self.get_object(request, unquote(object_id))
        if row is not None and is_locked:
            list(self.model.objects.select_for_update().filter(pk=row.pk).values("pk"))
            row = self.get_object(request, unquote(object_id))
        return row

    def _fingerprint(self, request: HttpRequest, row: Any) -> str:
        """Say in a few letters how a row, and what is edited with it, stands."""
        if row is None:
            return ""
        facts: list[Any] = [model_to_dict(row)]
        for inline in self.get_inline_instances(request, row):
            rows = inline.get_formset(request, row)(instance=row).queryset
            facts += [list(rows.order_by("pk").values())]
        told = json.dumps(facts, default=_plain, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:20]

    def _conflict(self, request: Any, row: Any, now: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Somebody else has changed this"),
            "differences": self._differences(request, row),
            "fields": again(request, **{SEEN: now}),
            "back": request.path,
        }
        template = "admin/desk/conflict.html"
        return TemplateResponse(request, template, context, status=409)

    def _differences(self, request: Any, row: Any) -> list[tuple[str, str, str]]:
        """Each field that is typed otherwise than it is now: label, typed, now."""
        form: Any = self.get_form(request, row)(request.POST, instance=row)  # type: ignore[attr-defined]
        return [
            (
                str(form.fields[name].label),
                ", ".join(request.POST.getlist(form.add_prefix(name))) or "–",
                _told(form.initial.get(name)),
            )
            for name in form.changed_data
        ]


def again(request: Any, **instead: str) -> list[tuple[str, str]]:
    """What was sent, to be sent once more from another page."""
    left_out = {"csrfmiddlewaretoken", *instead}
    sent = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in left_out
        for value in values
    ]
    return [*sent, *instead.items()]


def _plain(value: Any) -> Any:
    """Name rows by their keys, and everything else by what it says."""
    return str(getattr(value, "pk", value))


def _told(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return "–" if value in (None, "") else str(value)
