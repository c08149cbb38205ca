"""The operators' admin of the platform, under `/admin/` at BASE_DOMAIN.

It shows which clinics there are and how they stand; nothing that is in them.
"""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts import roles
from accounts.admin import OperatorAdmin
from accounts.adminsite import RoleSite
from accounts.modeladmin import PlainModelAdmin, ReadOnlyAdmin, display
from accounts.models import User
from tenants.models import Clinic, Domain, DueWork

_COLOURS = {
    "creating": "info",
    "active": "success",
    "suspended": "warning",
    "closed": "danger",
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """What stands in the bar at the side; named in settings.UNFOLD_OPERATORS."""
    del request
    items = [
        ("index", "home", _("Overview")),
        ("tenants_clinic_changelist", "local_hospital", _("Clinics")),
        ("tenants_domain_changelist", "language", _("Own domains")),
        ("tenants_duework_changelist", "pending_actions", _("Due work")),
        ("accounts_user_changelist", "badge", _("Operators")),
    ]
    links = [
        {"title": title, "icon": icon, "link": reverse(f"admin:{name}")}
        for name, icon, title in items
    ]
    return [{"title": _("Platform"), "items": links}]


class OperatorsSite(RoleSite):
    settings_name = "UNFOLD_OPERATORS"
    roles = frozenset({roles.OPERATOR})
    index_title = _("Overview")
    index_template = "admin/operators/overview.html"

    def has_permission(self, request: Any) -> bool:
        return request.clinic is None and super().has_permission(request)

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        clinics = [
            {
                "name": clinic.name,
                "status": clinic.get_status_display(),
                "colour": _COLOURS[clinic.status],
                "url": clinic.url(),
                "zone": clinic.timezone,
                "created": _utc(clinic.created_at),
                "address": reverse("admin:tenants_clinic_change", args=[clinic.pk]),
            }
            for clinic in Clinic.objects.order_by("name", "id")[:200]
        ]
        extra = {"clinics": clinics, **(extra_context or {})}
        response: HttpResponse = super().index(request, extra)
        return response

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: Any = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"{self.name}:index"))


class ClinicAdmin(PlainModelAdmin):
    """Clinics are born by `manage.py create_clinic`, and nothing here ends one."""

    list_display = ("name", "site_link", "status_label", "timezone", "created")
    list_filter = ("status",)
    search_fields = ("name", "slug", "domains__domain")
    search_help_text = _("Name, address or own domain")
    list_before_template = "admin/operators/clinics_note.html"
    readonly_fields = (
        "id",
        "schema_name",
        "site_link",
        "timezone",
        "status",
        "created",
    )
    fieldsets = (
        (None, {"fields": ("name", "site_link", "timezone", "status")}),
        (_("Identity"), {"fields": ("id", "schema_name", "created")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("address"), ordering="slug")
    def site_link(self, clinic: Clinic) -> str:
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>',
            clinic.url(),
            clinic.slug,
        )

    @display(description=_("status"), ordering="status", label=_COLOURS)
    def status_label(self, clinic: Clinic) -> tuple[str, str]:
        return clinic.status, clinic.get_status_display()

    @display(description=_("created"), ordering="created_at")
    def created(self, clinic: Clinic) -> str:
        return _utc(clinic.created_at)


class DomainAdmin(PlainModelAdmin):
    """A clinic's own domains: added, and left as they are."""

    list_display = ("domain", "clinic", "is_primary")
    list_select_related = ("tenant",)
    search_fields = ("domain", "tenant__name")
    autocomplete_fields = ("tenant",)

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs["label"] = _("Clinic")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @display(description=_("clinic"), ordering="tenant__name")
    def clinic(self, domain: Domain) -> str:
        return str(domain.tenant)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DueWorkAdmin(ReadOnlyAdmin):
    """Which clinics the background workers will look at next."""

    list_display = ("clinic", "due")
    list_select_related = ("clinic",)
    fields = readonly_fields = ("clinic", "due")

    @display(description=_("due"), ordering="due_at")
    def due(self, work: DueWork) -> str:
        return _utc(work.due_at)


def _utc(moment: datetime) -> str:
    return f"{date_format(moment.astimezone(UTC), 'D j M Y, H:i')} UTC"


def _make() -> OperatorsSite:
    site = OperatorsSite()
    site.disable_action("delete_selected")
    site.register(Clinic, ClinicAdmin)
    site.register(Domain, DomainAdmin)
    site.register(DueWork, DueWorkAdmin)
    site.register(User, OperatorAdmin)
    return site


operators_site = _make()
