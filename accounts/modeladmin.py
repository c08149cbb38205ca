"""The manners of every list and form in our admins."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import PROTECT, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin


class PlainModelAdmin(ModelAdmin):
    """Says in a sentence what it cannot do, and never asks for what is not there."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = False
    compressed_fields = True
    warn_unsaved_form = True

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Refuse ids that are none before they reach the database."""
        try:
            for raw in request.POST.getlist("_selected_action"):
                self.model._meta.pk.to_python(raw)
        except ValidationError:
            self.message_user(
                request, _("This list was not sent whole. Try again."), messages.ERROR
            )
            return HttpResponseRedirect(request.get_full_path())
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        if found and self.has_delete_permission(request, found) and is_in_use(found):
            said = _("“%(name)s” is in use and stays. %(advice)s") % {
                "name": found,
                "advice": self.instead_of_deleting(),
            }
            self.message_user(request, said, messages.ERROR)
            return HttpResponseRedirect(self.address_of(found))
        response: HttpResponse = super().delete_view(request, object_id, extra_context)
        return response

    def instead_of_deleting(self) -> str:
        """What to do with a row that others need."""
        return _("Its appointments and times refer to it.")

    def address_of(self, found: Model) -> str:
        """The page of a row in this admin."""
        return reverse(
            f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change",
            args=[found.pk],
        )

    def list_address(self) -> str:
        return reverse(
            f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist"
        )


class ReadOnlyAdmin(PlainModelAdmin):
    """Rows that are looked at; what changes them is not a form."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def is_in_use(row: Model) -> bool:
    """Whether a protected reference to the row exists; loads none of them."""
    related = row._meta.get_fields(include_hidden=True)
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: row.pk})
        .order_by()
        .exists()
        for relation in related
        if getattr(relation, "on_delete", None) is PROTECT and relation.auto_created
    )
