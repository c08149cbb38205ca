"""“Why is this not free?”: a page that names each rule, with a link to change it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts import roles
from bookings.actions import why
from bookings.actions.why import Binds, Finding
from bookings.desk import booking, clock
from bookings.desk.permissions import may
from bookings.models import Doctor, Service, Slot
from bookings.timetable import instants

_HEADINGS: dict[Binds, str | Promise] = {
    Binds.EVERYBODY: gettext_lazy("It cannot be booked"),
    Binds.PATIENTS: gettext_lazy("Patients cannot book it online; staff can"),
    Binds.KNOWN_PATIENTS: gettext_lazy("Only people who are new can book it online"),
}


class AskForm(forms.Form):
    """Which doctor, when, and for what."""

    doctor = forms.ModelChoiceField(
        Doctor.objects.none(),
        label=gettext_lazy("Doctor"),
        widget=UnfoldAdminSelectWidget,
    )
    date = forms.DateField(
        label=gettext_lazy("Day"), widget=UnfoldAdminTextInputWidget({"type": "date"})
    )
    time = forms.TimeField(
        label=gettext_lazy("Time on the doctor's clock"),
        widget=UnfoldAdminTextInputWidget({"type": "time"}),
    )
    service = forms.ModelChoiceField(
        Service.objects.none(),
        label=gettext_lazy("Service"),
        help_text=gettext_lazy("Leave it empty for the doctor's usual one."),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"date": timezone.localdate().isoformat()})
        fields: Any = self.fields
        fields["doctor"].queryset = Doctor.objects.all()
        fields["service"].queryset = Service.objects.all()

    def clean_date(self) -> dt.date:
        day: dt.date = self.cleaned_data["date"]
        if not 2000 <= day.year <= 2200:
            raise forms.ValidationError(_("Choose a date nearer to today."))
        return day


@dataclass(frozen=True)
class Group:
    """What stops the same people."""

    heading: str
    findings: list[tuple[Finding, str, str]]  # each with a link and what it opens


@dataclass(frozen=True)
class Verdict:
    """What there is to say of one instant."""

    when: str
    groups: list[Group]
    book: str  # the page to book it on, if there is a slot


def page(site: Any, request: Any) -> HttpResponse:
    """Ask with GET, and read the answer below; nothing is written."""
    if not roles.runs_desk(request.user):
        raise PermissionDenied
    form = AskForm(request.GET if "doctor" in request.GET else None)
    verdicts = _verdicts(site, request, form) if form.is_valid() else None
    context = {
        **site.each_context(request),
        "title": _("Why is this not free?"),
        "form": form,
        "verdicts": verdicts,
    }
    return TemplateResponse(request, "admin/desk/why.html", context)


def address_for(site: Any, slot: Slot) -> str:
    """The page, with a slot asked about."""
    local = slot.start.astimezone(slot.doctor.zone)
    asked = f"?doctor={slot.doctor_id}&date={local:%Y-%m-%d}&time={local:%H:%M}"
    return f"{reverse(f'{site.name}:why')}{asked}&service="


def _verdicts(site: Any, request: Any, form: AskForm) -> list[Verdict]:
    """One of each instant at which the clock shows that time: one, none, or two."""
    asked = form.cleaned_data
    wall = dt.datetime.combine(asked["date"], _minute(asked["time"]))
    starts = sorted(instants(wall, asked["doctor"].zone))
    return [_verdict(site, request, asked, start) for start in starts]


def _minute(typed: dt.time) -> dt.time:
    return typed.replace(second=0, microsecond=0, tzinfo=None)


def _verdict(
    site: Any, request: Any, asked: dict[str, Any], start: dt.datetime
) -> Verdict:
    doctor: Doctor = asked["doctor"]
    service: Service = asked["service"] or doctor.default_service
    found = why.explain(doctor, start, service, now=timezone.now())
    groups = [
        Group(
            str(_HEADINGS[binds]),
            [
                (each, *_link(site, request, each.about))
                for each in found
                if each.binds is binds
            ],
        )
        for binds in _HEADINGS
    ]
    slot = Slot.objects.filter(doctor=doctor, start=start).first()
    return Verdict(
        f"{clock.wall(start, doctor.timezone)} · {doctor} · {service}",
        [each for each in groups if each.findings],
        booking.address_for(site, slot) if slot else "",
    )


def _link(site: Any, request: Any, about: Model | None) -> tuple[str, str]:
    """The page of the row that refuses, for whoever may open it, and what it is."""
    if about is None or about._meta.model_name is None:
        return "", ""
    name = about._meta.model_name
    if not may(request, "view", name):
        return "", ""
    place = reverse(f"{site.name}:bookings_{name}_change", args=[about.pk])
    return place, str(about._meta.verbose_name)
