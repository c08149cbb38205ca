"""Doctors and patients."""

from base64 import b64encode
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.modeladmin import PlainModelAdmin, button, display
from bookings.actions import slots
from bookings.desk import clock, publishing
from bookings.desk.forms import DoctorForm, PatientForm
from bookings.desk.permissions import DeskButtons
from bookings.desk.rules import ChangesRules
from bookings.desk.stale import KeepsBoth
from bookings.models import Appointment, Doctor, Patient, WorkingHours


class HoursInline(TabularInline):
    """The doctor's week, on the doctor's own clock."""

    model = WorkingHours
    fields = (
        "weekday",
        "opens",
        "closes",
        "slot_minutes",
        "location",
        "valid_from",
        "valid_to",
        "staff_only",
        "new_patients_only",
    )
    extra = 0
    tab = True


class DoctorAdmin(ChangesRules, DeskButtons, PlainModelAdmin):
    form = DoctorForm
    list_display = ("doctor_name", "specialty", "offers", "wall_clock", "is_active")
    list_filter = ("is_active", "specialty")
    search_fields = ("name", "specialty")
    ordering = ("position", "name")  # counting services drops the model's own
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("portrait",)
    inlines = (HoursInline,)
    actions = ("publish",)
    actions_list = ("publish_page",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("title", "name"),
                    ("specialty", "slug"),
                    ("languages", "position"),
                    "bio",
                    "is_active",
                )
            },
        ),
        (
            gettext_lazy("Visits"),
            {
                "fields": (
                    "services",
                    ("default_service", "location"),
                    ("timezone", "user"),
                )
            },
        ),
        (gettext_lazy("Portrait"), {"fields": ("portrait",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Doctor]:
        found: QuerySet[Doctor] = super().get_queryset(request)
        return found.annotate(number_of_services=Count("services"))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only while it is new: the address of a page stays."""
        return {} if obj else self.prepopulated_fields

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: Any
    ) -> None:
        super().save_related(request, form, formsets, change)
        if not change:  # nobody can be hit; but patients are to see the times
            new = form.instance
            transaction.on_commit(lambda: slots.publish([new]))

    def instead_of_deleting(self) -> str:
        return _("Switch off “takes appointments” instead.")

    @admin.action(description=gettext_lazy("Publish slots"), permissions=["desk"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Doctor]) -> None:
        chosen = Doctor.objects.filter(pk__in=queryset.values("pk"), is_active=True)
        publishing.publish(request, list(chosen))

    @button(
        description=gettext_lazy("Publish slots"),
        permissions=["desk"],
        icon="publish",
        url_path="publish",
    )
    def publish_page(self, request: HttpRequest) -> HttpResponse:
        del request
        return HttpResponseRedirect(publishing.address(self.admin_site))

    @display(description=gettext_lazy("name"), ordering="name")
    def doctor_name(self, doctor: Doctor) -> str:
        return str(doctor)

    @display(description=gettext_lazy("services"), ordering="number_of_services")
    def offers(self, doctor: Any) -> int:
        return int(doctor.number_of_services)

    @display(description=gettext_lazy("clock"), ordering="timezone")
    def wall_clock(self, doctor: Doctor) -> str:
        return clock.named(timezone.now().astimezone(doctor.zone))

    @display(description=gettext_lazy("portrait"))
    def portrait(self, doctor: Doctor) -> str:
        if not doctor.portrait_svg:
            return _("None")
        # As an image it can run nothing, whatever is in it.
        return format_html(
            '<img alt="" width="120" height="120" class="rounded-default" '
            'src="data:image/svg+xml;base64,{}">',
            b64encode(doctor.portrait_svg.encode()).decode(),
        )


class PatientAdmin(KeepsBoth, PlainModelAdmin):
    form = PatientForm
    list_display = ("name", "email", "phone", "born", "next_visit")
    search_fields = ("name", "email", "phone")
    search_help_text = gettext_lazy("Name, e-mail or phone")
    autocomplete_fields = ("guardian",)
    readonly_fields = ("log_in", "since", "next_visit")
    fieldsets = (
        (None, {"fields": (("name", "date_of_birth"), ("email", "phone"))}),
        (gettext_lazy("Family"), {"fields": ("guardian",)}),
        (
            gettext_lazy("Record"),
            {"fields": (("language", "log_in"), ("since", "next_visit"))},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Patient]:
        found: QuerySet[Patient] = super().get_queryset(request)
        coming = (
            Appointment.objects.upcoming(timezone.now())
            .filter(patient=OuterRef("pk"))
            .order_by("start")
        )
        return found.select_related("user").annotate(
            next_start=Subquery(coming.values("start")[:1]),
            next_zone=Subquery(coming.values("zone")[:1]),
        )

    def instead_of_deleting(self) -> str:
        return _("Appointments, or family members, belong to this record.")

    @display(description=gettext_lazy("born"), ordering="date_of_birth")
    def born(self, patient: Patient) -> str:
        return f"{patient.date_of_birth:%Y-%m-%d}" if patient.date_of_birth else "–"

    @display(description=gettext_lazy("next appointment"), ordering="next_start")
    def next_visit(self, patient: Any) -> str:
        start = getattr(patient, "next_start", None)
        return clock.wall(start, patient.next_zone) if start else "–"

    @display(description=gettext_lazy("log-in"))
    def log_in(self, patient: Patient) -> str:
        return patient.user.email if patient.user else _("None")

    @display(description=gettext_lazy("since"))
    def since(self, patient: Patient) -> str:
        return clock.here(patient.created_at) if not patient._state.adding else "–"
