"""Moving a visit at the desk: to which doctor and day, then to which of the times.

The day is asked for with GET, the move is made with POST on the same address.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from bookings import agenda
from bookings.actions import appointments
from bookings.desk import clock
from bookings.errors import BookingError
from bookings.models import Appointment, Doctor

_FARTHEST = timedelta(days=731)


class DayForm(forms.Form):
    """Where to look for a new time."""

    doctor = forms.ModelChoiceField(
        Doctor.objects.none(),
        label=gettext_lazy("Doctor"),
        widget=UnfoldAdminSelectWidget,
    )
    day = forms.DateField(
        label=gettext_lazy("Day"), widget=UnfoldAdminTextInputWidget({"type": "date"})
    )

    def __init__(self, data: Any, *, visit: Appointment) -> None:
        today = timezone.localdate()
        day = max(visit.local_start.date(), today).isoformat()
        asked = data if "day" in data else {"doctor": visit.doctor_id, "day": day}
        super().__init__(asked)
        doctors: Any = self.fields["doctor"]
        doctors.queryset = Doctor.objects.filter(is_active=True, services=visit.service)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        today = timezone.localdate()
        # A doctor's clock may be a day behind the clinic's.
        if not today - timedelta(days=1) <= day <= today + _FARTHEST:
            raise ValidationError(_("Choose a day from today on, within two years."))
        return day


class MoveForm(forms.Form):
    """Which of the times, and why; with the version of the visit that was seen."""

    slot = forms.ChoiceField(
        label=gettext_lazy("New time"),
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={
            "required": gettext_lazy("Choose a time."),
            "invalid_choice": gettext_lazy(
                "This time is not free any more. Choose another."
            ),
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason (optional)"),
        help_text=gettext_lazy(
            "The patient can read it in the mail. Leave out anything medical."
        ),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    version = forms.IntegerField(
        min_value=0, max_value=10**9, widget=forms.HiddenInput, required=False
    )

    def __init__(
        self, data: Any, *, visit: Appointment, times: list[tuple[str, str]]
    ) -> None:
        super().__init__(data, initial={"version": visit.version})
        slot: Any = self.fields["slot"]
        slot.choices = times


def page(admin: Any, request: Any, visit: Appointment) -> HttpResponse:
    """Show the free times of a day; move on POST."""
    day = DayForm(request.GET, visit=visit)
    form = None
    if day.is_valid():
        data = request.POST if request.method == "POST" else None
        form = MoveForm(data, visit=visit, times=_times(visit, day.cleaned_data))
        if form.is_valid() and _move(request, visit, form):
            return HttpResponseRedirect(admin.address_of(visit))
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Move to another time"),
        "visit": visit,
        "when": clock.wall(visit.start, visit.zone),
        "day": day,
        "form": form,
        "media": admin.media,
        "back": admin.address_of(visit),
    }
    return TemplateResponse(request, "admin/desk/move.html", context)


def _times(visit: Appointment, asked: dict[str, Any]) -> list[tuple[str, str]]:
    views = agenda.day(
        asked["doctor"],
        asked["day"],
        service=visit.service,
        now=timezone.now(),
        as_staff=True,
        is_move=True,
    )
    return [
        (str(view.id), f"{view.start:%H:%M} {clock.named(view.start)}")
        for view in views
        if view.can_start
    ]


def _move(request: Any, visit: Appointment, form: MoveForm) -> bool:
    """Move, or say in the form why not."""
    try:
        moved = appointments.reschedule(
            appointment_id=visit.pk,
            slot_id=UUID(form.cleaned_data["slot"]),
            by=request.user,
            via=Appointment.Via.DESK,
            as_staff=True,
            reason=form.cleaned_data["reason"],
            version=form.cleaned_data["version"] or 0,
        )
    except BookingError as error:
        form.add_error(None, str(error))
        return False
    said = _("Moved to %(when)s, %(doctor)s.") % {
        "when": clock.wall(moved.start, moved.zone),
        "doctor": moved.doctor,
    }
    messages.success(request, said)
    return True
