"""The staff's admin of one clinic, under `/admin/` at its host.

Only staff of this very clinic enter; which lists each role sees is `accounts.roles`'.
"""

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import roles
from accounts.admin import StaffAdmin
from accounts.adminsite import RoleSite
from accounts.models import User
from bookings.desk import asking, booking, dashboard, publishing
from bookings.desk.appointments import AppointmentAdmin
from bookings.desk.holidays import HolidayAdmin
from bookings.desk.messages import OutboxMessageAdmin
from bookings.desk.people import DoctorAdmin, PatientAdmin
from bookings.desk.schedule import SlotAdmin, TimeOffAdmin, WorkingHoursAdmin
from bookings.desk.setup import LocationAdmin, PracticeAdmin, ServiceAdmin
from bookings.models import (
    Appointment,
    Doctor,
    Holiday,
    Location,
    OutboxMessage,
    Patient,
    Practice,
    Service,
    Slot,
    TimeOff,
    WorkingHours,
)


class ClinicSite(RoleSite):
    roles = roles.DESK
    index_title = _("Overview")
    index_template = "admin/desk/overview.html"
    login_template = "admin/desk/login.html"

    def zone(self, request: Any) -> ZoneInfo:
        return ZoneInfo(request.clinic.timezone)

    def has_permission(self, request: Any) -> bool:
        return bool(request.clinic) and super().has_permission(request)

    def extra_urls(self) -> list[URLPattern]:
        """What belongs to no single list."""
        return [
            path("publish/", self.admin_view(self.publish), name="publish"),
            path("book/", self.admin_view(self.book), name="book"),
            path("why/", self.admin_view(self.why), name="why"),
        ]

    def index(self, request: Any, extra_context: Any = None) -> HttpResponse:
        today = dashboard.overview(request.user, timezone.now())
        response: HttpResponse = super().index(request, today | (extra_context or {}))
        return response

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: Any = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"{self.name}:index"))

    def password_change(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """There is one page for it, with its limit of tries."""
        return HttpResponseRedirect(reverse("accounts:password"))

    def publish(self, request: HttpRequest) -> HttpResponse:
        return publishing.page(self, request)

    def book(self, request: HttpRequest) -> HttpResponse:
        return booking.page(self, request)

    def why(self, request: HttpRequest) -> HttpResponse:
        return asking.page(self, request)


def _make() -> ClinicSite:
    site = ClinicSite()
    site.disable_action("delete_selected")
    site.register(Appointment, AppointmentAdmin)
    site.register(Slot, SlotAdmin)
    site.register(Patient, PatientAdmin)
    site.register(Doctor, DoctorAdmin)
    site.register(Service, ServiceAdmin)
    site.register(WorkingHours, WorkingHoursAdmin)
    site.register(TimeOff, TimeOffAdmin)
    site.register(Holiday, HolidayAdmin)
    site.register(Location, LocationAdmin)
    site.register(Practice, PracticeAdmin)
    site.register(User, StaffAdmin)
    site.register(OutboxMessage, OutboxMessageAdmin)
    return site


clinic_site = _make()
