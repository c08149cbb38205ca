"""When doctors work: hours, time off, and the slots that come of them."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.enums import ActionVariant

from accounts.modeladmin import PlainModelAdmin, ReadOnlyAdmin, button, display
from bookings.actions import slots
from bookings.desk import asking, blocking, booking, clock, publishing
from bookings.desk.filters import DayFilter, SlotStatusFilter
from bookings.desk.forms import TimeOffForm
from bookings.desk.permissions import DeskButtons
from bookings.desk.rules import ChangesRules
from bookings.models import Slot, TimeOff, WorkingHours


class Publishes(DeskButtons):
    """Lists from which the calendar can be published."""

    actions_list = ("publish_page",)
    admin_site: Any
    message_user: Any

    @button(
        description=gettext_lazy("Publish slots"),
        permissions=["desk"],
        icon="publish",
        url_path="publish",
    )
    def publish_page(self, request: HttpRequest) -> HttpResponse:
        del request
        return HttpResponseRedirect(publishing.address(self.admin_site))


class WorkingHoursAdmin(ChangesRules, Publishes, PlainModelAdmin):
    list_display = ("doctor", "weekday", "hours", "slot_minutes", "location", "period")
    list_filter = ("doctor", "weekday")
    list_select_related = ("doctor", "location")
    search_fields = ("doctor__name",)
    fieldsets = (
        (None, {"fields": ("doctor", "location", "weekday", ("opens", "closes"))}),
        (None, {"fields": ("slot_minutes", ("valid_from", "valid_to"))}),
        (None, {"fields": (("staff_only", "new_patients_only"),)}),
    )

    @display(description=gettext_lazy("on the doctor's clock"), ordering="opens")
    def hours(self, hours: WorkingHours) -> str:
        zone = clock.city(hours.doctor.timezone)
        return f"{hours.opens:%H:%M}–{hours.closes:%H:%M} ({zone})"

    @display(description=gettext_lazy("valid"))
    def period(self, hours: WorkingHours) -> str:
        first, last = hours.valid_from, hours.valid_to
        if not first and not last:
            return _("always")
        return f"{first or '…'} – {last or '…'}"


class TimeOffAdmin(ChangesRules, Publishes, PlainModelAdmin):
    form = TimeOffForm
    list_display = ("who", "begins", "ends", "note")
    list_display_links = ("who", "begins")
    list_filter = ("doctor",)
    list_select_related = ("doctor",)
    search_fields = ("doctor__name", "note")
    actions = ("delete_selected",)

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in {"start", "end"} and field:
            place = clock.city(timezone.get_current_timezone_name())
            field.help_text = _("On the clinic's clock (%(zone)s).") % {"zone": place}
        return field

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Hits nobody; but its times are to be had again."""
        super().delete_queryset(request, queryset)
        transaction.on_commit(slots.publish)

    @display(description=gettext_lazy("who"), ordering="doctor")
    def who(self, time_off: TimeOff) -> str:
        return str(time_off.doctor or _("Whole clinic"))

    @display(description=gettext_lazy("from"), ordering="start")
    def begins(self, time_off: TimeOff) -> str:
        return clock.here(time_off.start)

    @display(description=gettext_lazy("until"), ordering="end")
    def ends(self, time_off: TimeOff) -> str:
        return clock.here(time_off.end)


class SlotAdmin(DeskButtons, ReadOnlyAdmin):
    """Published times. They are made, withdrawn and blocked by actions only."""

    list_display = ("when", "doctor", "status_label", "note", "version_now")
    list_filter = (DayFilter, "doctor", SlotStatusFilter)
    list_select_related = ("doctor",)
    search_fields = ("doctor__name",)
    search_help_text = gettext_lazy("Name of the doctor")
    actions = ("block", "unblock")
    actions_list = ("publish_page",)
    actions_detail = ("book_it", "ask_why")
    fields = readonly_fields = (
        "when",
        "doctor",
        "location",
        "status",
        "note",
        "staff_only",
        "version_now",
    )

    publish_page = Publishes.publish_page

    @admin.action(description=gettext_lazy("Block"), permissions=["desk"])
    def block(
        self, request: HttpRequest, queryset: QuerySet[Slot]
    ) -> HttpResponse | None:
        return blocking.block(self, request, queryset)

    @admin.action(description=gettext_lazy("Unblock"), permissions=["desk"])
    def unblock(self, request: HttpRequest, queryset: QuerySet[Slot]) -> None:
        blocking.unblock(self, request, queryset)

    @button(
        description=gettext_lazy("Book for a patient"),
        permissions=["desk"],
        icon="add",
        variant=ActionVariant.PRIMARY,
        url_path="book",
    )
    def book_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        if found is None:
            return HttpResponseRedirect(self.list_address())
        return HttpResponseRedirect(booking.address_for(self.admin_site, found))

    @button(
        description=gettext_lazy("Why is this not free?"),
        permissions=["desk"],
        icon="help",
        url_path="why",
    )
    def ask_why(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        if found is None:
            return HttpResponseRedirect(self.list_address())
        return HttpResponseRedirect(asking.address_for(self.admin_site, found))

    @display(description=gettext_lazy("when"), ordering="start")
    def when(self, slot: Slot) -> str:
        return clock.wall(slot.start, slot.doctor.timezone)

    @display(
        description=gettext_lazy("status"),
        label={"free": "success", "held": "warning", "booked": "primary"},
    )
    def status_label(self, slot: Slot) -> tuple[str, str]:
        status = slot.status_at(timezone.now())
        return status.value, str(status.label)

    @display(description=gettext_lazy("status"))
    def status(self, slot: Slot) -> str:
        return str(slot.status_at(timezone.now()).label)

    @display(description=gettext_lazy("why blocked"))
    def note(self, slot: Slot) -> str:
        if not slot.is_out:
            return "–"
        return slot.block_note or slot.get_blocked_by_display()

    @display(description=gettext_lazy("version"))
    def version_now(self, slot: Slot) -> int:
        return slot.version_at(timezone.now())
