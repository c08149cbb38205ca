"""Appointments at the desk: to find, read and cancel. Their state is in no form."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.enums import ActionVariant

from accounts.modeladmin import ReadOnlyAdmin, button, display
from bookings.desk import cancelling, clock, moving
from bookings.desk.filters import DayFilter
from bookings.desk.permissions import DeskButtons
from bookings.desk.visiting import VisitSteps
from bookings.models import Appointment, AppointmentChange

STATUS_COLOURS = {
    "booked": "primary",
    "arrived": "info",
    "completed": "success",
    "cancelled": "danger",
    "no_show": "warning",
}


class HistoryInline(TabularInline):
    """What happened to it, and who did it."""

    model = AppointmentChange
    fields = readonly_fields = ("what", "when", "new_time", "by", "via", "reason")
    ordering = ("version",)
    verbose_name_plural = gettext_lazy("history")
    extra = 0
    can_delete = False
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[AppointmentChange]:
        found: QuerySet[AppointmentChange] = super().get_queryset(request)
        return found.select_related("by", "appointment")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("what"))
    def what(self, change: AppointmentChange) -> str:
        return change.get_kind_display()

    @display(description=gettext_lazy("when"))
    def when(self, change: AppointmentChange) -> str:
        return clock.here(change.at)

    @display(description=gettext_lazy("time after it"))
    def new_time(self, change: AppointmentChange) -> str:
        return clock.wall(change.start, change.appointment.zone)


class AppointmentAdmin(VisitSteps, DeskButtons, ReadOnlyAdmin):
    list_display = (
        "when",
        "patient_name",
        "doctor",
        "service",
        "status_label",
        "reference",
    )
    list_display_links = ("when", "reference")
    list_filter = (DayFilter, "doctor", "status", "is_unplaced", "booked_via")
    search_fields = (
        "reference",
        "patient__name",
        "patient__email",
        "patient__guardian__email",
        "patient__phone",
    )
    search_help_text = gettext_lazy("Reference, or the patient's name, e-mail or phone")
    list_select_related = ("patient", "doctor", "service")
    actions = ("mark_arrived", "mark_completed", "mark_no_show", "cancel")
    actions_list = ("book_for_a_patient",)
    actions_detail = ("move_this", "cancel_this")
    change_form_outer_before_template = "admin/desk/visit.html"
    inlines = (HistoryInline,)
    readonly_fields = ("when", "patient_link", "contact", "made")
    fieldsets = (
        (None, {"fields": ("when", "status", "doctor", "service", "location")}),
        (gettext_lazy("Patient"), {"fields": ("patient_link", "contact", "reason")}),
        (
            gettext_lazy("Booking"),
            {"fields": ("reference", "booked_via", "made")},
        ),
    )

    def get_queryset(self, request: Any) -> QuerySet[Appointment]:
        found: Any = super().get_queryset(request)
        visible: QuerySet[Appointment] = found.visible_to(request.user)
        booking = AppointmentChange.objects.filter(
            appointment=OuterRef("pk"), kind=AppointmentChange.Kind.BOOKED
        )
        rows = visible.annotate(why_so=Subquery(booking.values("reason")[:1]))
        return rows.select_related("patient__guardian", "doctor", "service")

    @admin.action(
        description=gettext_lazy("Cancel, and tell the patients"), permissions=["desk"]
    )
    def cancel(
        self, request: HttpRequest, queryset: QuerySet[Appointment]
    ) -> HttpResponse | None:
        rows = cancelling.few_enough(self, request, queryset)
        if not rows:
            return None
        back = request.get_full_path()
        return cancelling.cancel_rows(self, request, rows, action="cancel", back=back)

    @button(
        description=gettext_lazy("Move to another time"),
        permissions=["desk"],
        icon="event_repeat",
        url_path="move",
    )
    def move_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        if found is None:
            gone = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return HttpResponseRedirect(gone.url)
        return moving.page(self, request, found)

    @button(
        description=gettext_lazy("Cancel this appointment"),
        permissions=["desk"],
        icon="event_busy",
        variant=ActionVariant.DANGER,
        url_path="cancel",
    )
    def cancel_this(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        if found is None:
            gone = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return HttpResponseRedirect(gone.url)
        back = self.address_of(found)
        return cancelling.cancel_rows(self, request, [found], action="", back=back)

    @button(
        description=gettext_lazy("Book for a patient"),
        permissions=["desk"],
        icon="add",
        variant=ActionVariant.PRIMARY,
        url_path="book-for-a-patient",
    )
    def book_for_a_patient(self, request: HttpRequest) -> HttpResponse:
        del request
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:book"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to move and cancel only what can still be."""
        found = self.get_object(request, unquote(str(object_id)))
        if found is None or found.status != Appointment.Status.BOOKED:
            return []
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        return buttons

    @display(description=gettext_lazy("when"), ordering="start")
    def when(self, appointment: Appointment) -> str:
        return clock.wall(appointment.start, appointment.zone)

    @display(description=gettext_lazy("patient"), ordering="patient__name")
    def patient_name(self, appointment: Appointment) -> str:
        return appointment.patient.name

    @display(description=gettext_lazy("status"), ordering="status")
    def status_label(self, appointment: Any) -> str:
        """The status, and below it what is unusual and why."""
        look = {
            "text": appointment.get_status_display(),
            "variant": STATUS_COLOURS[appointment.status],
        }
        label = render_to_string("unfold/helpers/label.html", look)
        unusual = _unusual(appointment)
        if not unusual:
            return label
        below = (
            '{}<span class="block mt-1 text-orange-700 dark:text-orange-400">{}</span>'
        )
        return format_html(below, label, unusual)

    @display(description=gettext_lazy("patient"))
    def patient_link(self, appointment: Appointment) -> str:
        place = f"{self.admin_site.name}:bookings_patient_change"
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>',
            reverse(place, args=[appointment.patient_id]),
            appointment.patient.name,
        )

    @display(description=gettext_lazy("contact"))
    def contact(self, appointment: Appointment) -> str:
        patient = appointment.patient
        said = " · ".join(filter(None, [patient.mail_address, patient.phone]))
        return said or _("None known")

    @display(description=gettext_lazy("booked on"))
    def made(self, appointment: Appointment) -> str:
        return clock.here(appointment.created_at)


def _unusual(appointment: Any) -> str:
    if appointment.is_unplaced:
        return _("Needs a new time")
    if appointment.is_overbooked:
        return ": ".join(filter(None, [_("Overbooked"), appointment.why_so]))
    return ""
