"""The day of the visit at the desk: arrived, completed, did not come, and back again.

Never inside a transaction of the admin's: `visits.mark` has its own, durable.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bookings import locking
from bookings.actions import visits
from bookings.desk.cancelling import few_enough, version_seen
from bookings.errors import BookingError, WrongStateError
from bookings.models import Appointment, AppointmentChange

Kind = AppointmentChange.Kind
Status = Appointment.Status

UNDO = "undo"
NAMES: dict[str, str | Promise] = {
    Kind.ARRIVED: gettext_lazy("Arrived"),
    Kind.COMPLETED: gettext_lazy("Completed"),
    Kind.NO_SHOW: gettext_lazy("Did not come"),
    UNDO: gettext_lazy("Undo"),
}
_ICONS = {
    Kind.ARRIVED: "login",
    Kind.COMPLETED: "check_circle",
    Kind.NO_SHOW: "person_off",
    UNDO: "undo",
}
# Nobody has completed, or failed to come to, a visit that has not begun.
_ONCE_BEGUN = {Kind.COMPLETED, Kind.NO_SHOW}


class NotBegunError(WrongStateError):
    """The visit is still to come."""

    message = gettext_lazy("This visit has not begun yet.")


class VisitSteps:
    """The buttons and list actions of the steps, for the admin of appointments."""

    admin_site: Any
    address_of: Any
    get_object: Any
    has_desk_permission: Any
    list_address: Any

    def get_urls(self) -> list[Any]:
        step = self.admin_site.admin_view(self.take_step)
        name = "bookings_appointment_step"
        return [path("<path:object_id>/step/", step, name=name), *super().get_urls()]  # type: ignore[misc]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        visit = self.get_object(request, unquote(object_id))
        runs_desk = self.has_desk_permission(request)
        steps = buttons(visit, timezone.now()) if visit and runs_desk else []
        context = {"steps": steps, "may_move": runs_desk} | (extra_context or {})
        shown: HttpResponse = super().change_view(  # type: ignore[misc]
            request, object_id, form_url, context
        )
        return shown

    def take_step(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One of the buttons of a visit was pressed."""
        if not self.has_desk_permission(request):
            raise PermissionDenied
        found = self.get_object(request, unquote(object_id))
        if found is None:
            return HttpResponseRedirect(self.list_address())
        step = request.POST.get("step", "")
        if step in NAMES:
            take(request, [found], step)
        return HttpResponseRedirect(self.address_of(found))

    def action_checkbox(self, obj: Appointment) -> str:
        """With the version of the row, so that an action knows what was seen."""
        box: str = super().action_checkbox(obj)  # type: ignore[misc]
        seen = '{}<input type="hidden" name="version:{}" value="{}">'
        return format_html(seen, box, obj.pk, obj.version)

    @admin.action(description=gettext_lazy("Arrived"), permissions=["desk"])
    def mark_arrived(
        self, request: HttpRequest, queryset: QuerySet[Appointment]
    ) -> None:
        self._mark(request, queryset, Kind.ARRIVED)

    @admin.action(description=gettext_lazy("Completed"), permissions=["desk"])
    def mark_completed(
        self, request: HttpRequest, queryset: QuerySet[Appointment]
    ) -> None:
        self._mark(request, queryset, Kind.COMPLETED)

    @admin.action(description=gettext_lazy("Did not come"), permissions=["desk"])
    def mark_no_show(
        self, request: HttpRequest, queryset: QuerySet[Appointment]
    ) -> None:
        self._mark(request, queryset, Kind.NO_SHOW)

    def _mark(
        self, request: HttpRequest, queryset: QuerySet[Appointment], step: str
    ) -> None:
        if rows := few_enough(self, request, queryset):
            take(request, rows, step)


def possible(visit: Appointment, now: datetime) -> list[str]:
    """The steps that can be taken from where the visit is, as it stands."""
    steps = visits.steps_from(visit.status)
    return [
        UNDO if step is Kind.UNDONE else step
        for step in steps
        if visit.start <= now or step not in _ONCE_BEGUN
    ]


def buttons(visit: Appointment, now: datetime) -> list[dict[str, Any]]:
    """The same as buttons for the page."""
    return [
        {"step": step, "name": NAMES[step], "icon": _ICONS[step]}
        for step in possible(visit, now)
    ]


def take(request: HttpRequest, visits_seen: Iterable[Appointment], step: str) -> None:
    """Take a step with each of some visits, as the page showed them; say how it went."""
    done: list[Appointment] = []
    for visit in visits_seen:
        try:
            done.append(_take_one(request, visit, step))
        except BookingError as error:
            said = f"{visit.reference}, {visit.patient}: {error}"
            messages.error(request, said)
    if done:
        messages.success(request, _said(done))


def _take_one(request: Any, visit: Appointment, step: str) -> Appointment:
    terms: dict[str, Any] = {
        "appointment_id": visit.pk,
        "by": request.user,
        "via": Appointment.Via.DESK,
        "version": version_seen(request, visit.pk),
    }
    if step == UNDO:
        return visits.undo(**terms)
    return visits.mark(step=_begun(visit, Kind(step)), **terms)


def _begun(visit: Appointment, step: Kind) -> Kind:
    """Return the step.

    Raises:
        NotBegunError: it would be said of a visit that is still to come.
    """
    if step in _ONCE_BEGUN and visit.start > locking.clock():
        raise NotBegunError
    return step


def _said(done: Sequence[Appointment]) -> str:
    if len(done) == 1:
        (visit,) = done
        names = {"who": visit.patient, "status": visit.get_status_display()}
        return _("%(who)s: %(status)s.") % names
    said = ngettext("%(n)d visit is marked.", "%(n)d visits are marked.", len(done))
    return said % {"n": len(done)}
