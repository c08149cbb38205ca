"""What the clinic is: its services, its places and its own settings."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.modeladmin import PlainModelAdmin, display
from bookings.desk.countries import PracticeForm
from bookings.desk.forms import LocationForm
from bookings.desk.rules import ChangesRules
from bookings.desk.stale import KeepsBoth
from bookings.models import Practice
from bookings.setup import logos


class ServiceAdmin(ChangesRules, PlainModelAdmin):
    rule_fields = (
        "duration_minutes",
        "buffer_before_minutes",
        "buffer_after_minutes",
        "is_active",
    )
    list_display = ("name", "duration_minutes", "mode", "position", "is_active")
    list_filter = ("is_active", "mode")
    search_fields = ("name", "description")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "slug"),
                    "description",
                    "bring",
                    ("mode", "position"),
                    "is_active",
                )
            },
        ),
        (
            _("Time"),
            {
                "fields": (
                    "duration_minutes",
                    ("buffer_before_minutes", "buffer_after_minutes"),
                    ("notice_minutes", "cutoff_minutes"),
                )
            },
        ),
    )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only while it is new: the address of a page stays."""
        return {} if obj else self.prepopulated_fields

    def instead_of_deleting(self) -> str:
        return str(_("Switch off “offered” instead."))


class LocationAdmin(KeepsBoth, PlainModelAdmin):
    form = LocationForm
    list_display = ("name", "address", "phone", "timezone", "is_active")
    search_fields = ("name", "address")

    def instead_of_deleting(self) -> str:
        return str(_("Switch off “in use” instead."))


class PracticeAdmin(ChangesRules, PlainModelAdmin):
    """The clinic's one row of settings: its list is its form."""

    form = PracticeForm
    rule_fields = ("horizon_days", "holiday_country", "holiday_region")
    fieldsets = (
        (
            _("Face"),
            {
                "fields": (
                    "tagline",
                    ("phone", "opening_note"),
                    "emergency_note",
                    ("brand_hue", "brand_chroma"),
                    "logo_file",
                )
            },
        ),
        (
            _("Rules for booking online"),
            {
                "fields": (
                    ("notice_minutes", "horizon_days"),
                    ("cutoff_minutes", "max_open_appointments"),
                    "hold_minutes",
                )
            },
        ),
        (_("Closing days"), {"fields": (("holiday_country", "holiday_region"),)}),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        place = f"{self.admin_site.name}:bookings_practice_change"
        return HttpResponseRedirect(reverse(place, args=[1]))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Practice | None:
        """A clinic that never saved its settings has the defaults."""
        return Practice.load() if object_id == "1" else None

    def save_model(
        self, request: HttpRequest, obj: Practice, form: Any, change: Any
    ) -> None:
        super().save_model(request, obj, form, change)
        if "logo_file" in form.changed_data:
            picture = form.cleaned_data["logo_file"]
            # A preview of what a change hits is taken back, and must leave no file.
            transaction.on_commit(lambda: logos.replace(picture))

    @display(description=_("logo"))
    def logo_file(self, practice: Practice) -> str:
        """For those who may only look."""
        if not practice.logo:
            return str(_("None"))
        tag = '<img alt="" width="96" height="96" src="{}">'
        return format_html(tag, practice.logo.url)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
