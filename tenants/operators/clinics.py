"""Clinics in the operators' admin: how they stand, and what may be done to them."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.modeladmin import PlainModelAdmin, button, display
from tenants import hosts
from tenants.models import Clinic, Usage
from tenants.operators import deeds, making, showing, visiting
from tenants.operators.asking import on_list, on_page
from tenants.operators.filters import LimitsFilter, TablesFilter
from tenants.usage import Level, levels_in


class ClinicAdmin(PlainModelAdmin):
    """All that changes how a clinic stands is a deed; only its name is a form."""

    list_display = (
        "name",
        "site_link",
        "status_label",
        "plan_name",
        "used",
        "tables",
        "size",
        "last_day",
        "born",
    )
    list_filter = ("status", "plan", LimitsFilter, TablesFilter)
    list_select_related = ("plan", "usage")
    search_fields = ("name", "slug", "domains__domain")
    search_help_text = gettext_lazy("Name, address or own domain")
    readonly_fields = (
        "id",
        "schema_name",
        "site_link",
        "timezone",
        "status_label",
        "plan_name",
        "until",
        "limits",
        "tables",
        "error",
        "size",
        "last_active",
        "created",
        "more",
    )
    fieldsets = (
        (
            None,
            {"fields": ("name", "site_link", "timezone", "status_label", "until")},
        ),
        (
            gettext_lazy("What it uses"),
            {"fields": ("plan_name", "limits", "size", "last_active")},
        ),
        (gettext_lazy("Tables"), {"fields": ("tables", "error", "schema_name")}),
        (gettext_lazy("More"), {"fields": ("more", "created", "id")}),
    )
    actions = tuple(on_list(deed) for deed in deeds.ALL)
    actions_detail_hide_default = True  # what happened stands in a list of its own
    actions_detail = (
        "open_as_support",
        {
            "title": gettext_lazy("Actions"),
            "icon": "more_horiz",
            "items": [deed.name for deed in deeds.ALL],
        },
    )
    suspend = on_page(deeds.SUSPEND)
    resume = on_page(deeds.RESUME)
    activate = on_page(deeds.ACTIVATE)
    set_plan = on_page(deeds.SET_PLAN)
    close = on_page(deeds.CLOSE)
    reopen = on_page(deeds.REOPEN)
    export = on_page(deeds.EXPORT)
    migrate = on_page(deeds.MIGRATE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: a clinic is closed, and deleted when its time is over."""
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Never inside the form's transaction: making one takes several."""
        return making.page(self, request)

    def save_model(
        self,
        request: HttpRequest,
        obj: Clinic,
        form: Any,
        change: Any,
    ) -> None:
        obj.save(update_fields=["name"])
        hosts.forget()

    @button(
        description=gettext_lazy("Open as support"),
        permissions=["change"],
        icon="support_agent",
        url_path="support",
    )
    def open_as_support(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        if found is None:
            gone = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return HttpResponseRedirect(gone.url)
        return visiting.page(self, request, found)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer what can be done as the clinic stands."""
        found = self.get_object(request, unquote(str(object_id)))
        fitting = {deed.name for deed in deeds.ALL if found and deed.fits(found)}
        if found and found.status not in (Clinic.Status.CREATING, Clinic.Status.CLOSED):
            fitting.add("open_as_support")
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return [each for each in offered if _name_of(each) in fitting]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["show_save_and_add_another"] = False
        response: HttpResponse = super().render_change_form(
            request, context, *args, **kwargs
        )
        return response

    def get_queryset(self, request: HttpRequest) -> QuerySet[Clinic]:
        found: QuerySet[Clinic] = super().get_queryset(request)
        return found.select_related("plan", "usage")

    @display(description=gettext_lazy("address"), ordering="slug")
    def site_link(self, clinic: Clinic) -> str:
        return showing.link(clinic.url(), clinic.slug)

    @display(description=gettext_lazy("status"), ordering="status")
    def status_label(self, clinic: Clinic) -> str:
        colour = showing.COLOURS[clinic.status]
        return showing.label(clinic.get_status_display(), colour)

    @display(description=gettext_lazy("plan"), ordering="plan__name")
    def plan_name(self, clinic: Clinic) -> str:
        return str(clinic.plan or _("No plan"))

    @display(description=gettext_lazy("until"))
    def until(self, clinic: Clinic) -> str:
        if clinic.delete_after:
            return _("Deleted after %(moment)s") % {
                "moment": showing.moment(clinic.delete_after)
            }
        if clinic.trial_ends_at and clinic.status == Clinic.Status.TRIAL:
            return _("On trial until %(moment)s") % {
                "moment": showing.moment(clinic.trial_ends_at)
            }
        return showing.NOTHING

    @display(description=gettext_lazy("doctors · visits this month"))
    def used(self, clinic: Clinic) -> str:
        doctors, appointments, _calls = levels_in(clinic, _usage_of(clinic))
        return format_html("{} · {}", _level(doctors), _level(appointments))

    @display(description=gettext_lazy("used"))
    def limits(self, clinic: Clinic) -> str:
        lines = [
            (each.label, _level(each)) for each in levels_in(clinic, _usage_of(clinic))
        ]
        return format_html_join("", '<span class="block">{}: {}</span>', lines)

    @display(description=gettext_lazy("tables"), ordering="schema_version")
    def tables(self, clinic: Clinic) -> str:
        label = showing.label(*showing.tables_of(clinic))
        if not clinic.migration_error:
            return label
        return format_html(
            '{}<span class="block mt-1 text-red-700 dark:text-red-400">{}</span>',
            label,
            Truncator(clinic.migration_error).chars(80),
        )

    @display(description=gettext_lazy("failed migration"))
    def error(self, clinic: Clinic) -> str:
        return clinic.migration_error or showing.NOTHING

    @display(description=gettext_lazy("size"), ordering="usage__size_bytes")
    def size(self, clinic: Clinic) -> str:
        usage = _usage_of(clinic)
        return filesizeformat(usage.size_bytes) if usage else showing.NOTHING

    @display(
        description=gettext_lazy("last activity"), ordering="usage__last_active_at"
    )
    def last_day(self, clinic: Clinic) -> str:
        usage = _usage_of(clinic)
        return showing.day(usage.last_active_at if usage else None)

    @display(description=gettext_lazy("created"), ordering="created_at")
    def born(self, clinic: Clinic) -> str:
        return showing.day(clinic.created_at)

    @display(description=gettext_lazy("last activity"))
    def last_active(self, clinic: Clinic) -> str:
        usage = _usage_of(clinic)
        return showing.moment(usage.last_active_at if usage else None)

    @display(description=gettext_lazy("created"))
    def created(self, clinic: Clinic) -> str:
        return showing.moment(clinic.created_at)

    @display(description=gettext_lazy("see also"))
    def more(self, clinic: Clinic) -> str:
        lists = (
            ("clinicevent", _("What happened")),
            ("supportvisit", _("Support visits")),
            ("archive", _("Exports")),
            ("domain", _("Own domains")),
        )
        links = [
            (showing.link(showing.list_of(model, q=clinic.slug), text),)
            for model, text in lists
        ]
        return format_html_join(" · ", "{}", links)


def _name_of(action: Any) -> str:
    return str(action.action_name).removeprefix("tenants_clinic_")


def _usage_of(clinic: Clinic) -> Usage | None:
    """Loaded with the clinic; there is none until its worker has counted."""
    try:
        return clinic.usage  # type: ignore[no-any-return]
    except ObjectDoesNotExist:
        return None


def _level(level: Level) -> str:
    """How much is used, of how much; coloured when it is near the limit."""
    of = "∞" if level.limit is None else showing.number(level.limit)
    said = f"{showing.number(level.used)}/{of}"
    colour = showing.LEVEL_COLOURS.get(level.state)
    return showing.label(said, colour) if colour else said
