"""The manners of every list and form in our admins."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import PROTECT, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold import decorators
from unfold.admin import ModelAdmin

Method = TypeVar("Method", bound=Callable[..., Any])
# Unfold's decorators, which say nothing of types themselves.
display: Callable[..., Callable[[Method], Method]] = decorators.display
button: Callable[..., Callable[[Method], Method]] = decorators.action


class CarefulAutocomplete(AutocompleteSelect):
    """Shows a form again whatever was sent as the chosen id."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        target = self.field.remote_field.model._meta.pk
        return super().optgroups(name, [v for v in value if _is_id(target, v)], attrs)


class PlainModelAdmin(ModelAdmin):
    """Says in a sentence what it cannot do, and never asks for what is not there."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = False
    compressed_fields = True
    warn_unsaved_form = True
    view_on_site = False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Only what the list offers as a filter, not any column somebody types."""
        del value
        filters = self.get_list_filter(request)
        offered = {getattr(each, "parameter_name", each) for each in filters}
        return lookup in offered or lookup.partition("__")[0] in offered

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Refuse ids that are none before they reach the database."""
        ids = request.POST.getlist("_selected_action")
        if not all(_is_id(self.model._meta.pk, each) for each in ids):
            self.message_user(
                request, _("This list was not sent whole. Try again."), messages.ERROR
            )
            return HttpResponseRedirect(request.get_full_path())
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = CarefulAutocomplete(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

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

    # The button to Django's log of forms, which has nothing to tell of these.
    actions_detail_hide_default = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def is_in_use(row: Model) -> bool:
    """Whether a protected reference to the row exists; loads none of them."""
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: row.pk})
        .order_by()
        .exists()
        for relation in _references(row)
        if relation.on_delete is PROTECT
    )


def _is_id(key: Any, raw: str) -> bool:
    try:
        key.to_python(raw)
    except ValidationError:
        return False
    return True


def _references(row: Model) -> list[Any]:
    fields = row._meta.get_fields(include_hidden=True)
    return [each for each in fields if each.auto_created and each.one_to_many]
