"""The page between choosing what to do to clinics and doing it."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.modeladmin import button
from tenants.lifecycle import NotNowError
from tenants.models import Clinic
from tenants.operators.deeds import Deed

MOST = 25  # clinics at once; migrating is done in the request


def on_page(deed: Deed) -> Callable[..., HttpResponse]:
    """Make the button that does a deed on the clinic's own page."""

    def press(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        if found is None:
            gone = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return HttpResponseRedirect(gone.url)
        back = self.address_of(found)
        return _ask_or_do(self, request, [found], deed, action="", back=back)

    press.__name__ = deed.name
    look = {"icon": deed.icon, "variant": deed.variant}
    return button(
        description=deed.label, permissions=["change"], url_path=deed.name, **look
    )(press)


def on_list(deed: Deed) -> Callable[..., HttpResponse | None]:
    """Make the list's action that does a deed to the chosen clinics."""

    @admin.action(description=deed.label, permissions=["change"])
    def chosen(
        self: Any, request: HttpRequest, queryset: QuerySet[Clinic]
    ) -> HttpResponse | None:
        rows = list(queryset[: MOST + 1])
        if len(rows) > MOST:
            said = ngettext(
                "Choose at most %(n)d clinic.", "Choose at most %(n)d clinics.", MOST
            )
            self.message_user(request, said % {"n": MOST}, messages.ERROR)
            return None
        name, back = f"{deed.name}_chosen", request.get_full_path()
        return _ask_or_do(self, request, rows, deed, action=name, back=back)

    chosen.__name__ = f"{deed.name}_chosen"
    return chosen


def ask(
    model_admin: Any,
    request: HttpRequest,
    rows: Sequence[Clinic],
    form: forms.Form,
    **question: Any,
) -> TemplateResponse:
    """Render a question about clinics: what will happen to which, and what is asked."""
    context = {
        **model_admin.admin_site.each_context(request),
        **question,
        "rows": rows,
        "form": form,
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/operators/confirm.html", context)


def _ask_or_do(
    model_admin: Any,
    request: HttpRequest,
    rows: Sequence[Clinic],
    deed: Deed,
    *,
    action: str,
    back: str,
) -> HttpResponse:
    form = deed.form(request.POST if "post" in request.POST else None)
    if form.is_valid():
        for clinic in rows:
            _do(model_admin, request, clinic, deed, form.cleaned_data)
        return HttpResponseRedirect(back)
    look = {"action": action, "back": back, "variant": deed.variant.value}
    words = {"title": deed.label, "warning": deed.warning, "button": deed.label}
    return ask(model_admin, request, rows, form, **words, **look)


def _do(
    model_admin: Any,
    request: Any,
    clinic: Clinic,
    deed: Deed,
    asked: dict[str, Any],
) -> None:
    try:
        deed.do(clinic, request.user.email, asked)
    except NotNowError as error:
        model_admin.message_user(request, f"{clinic}: {error}", messages.ERROR)
    except ObjectDoesNotExist:
        gone = _("%(clinic)s is gone.") % {"clinic": clinic}
        model_admin.message_user(request, gone, messages.ERROR)
    else:
        said = _("%(clinic)s is %(done)s.") % {"clinic": clinic, "done": deed.done}
        model_admin.message_user(request, said, messages.SUCCESS)
