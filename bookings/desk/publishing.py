"""Publishing from the admin: one page, reached from slots, doctors and working hours."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts import roles
from bookings.actions import slots
from bookings.errors import BookingError
from bookings.models import Doctor


class PublishForm(forms.Form):
    doctors = forms.ModelMultipleChoiceField(
        Doctor.objects.none(),
        label=gettext_lazy("Doctors"),
        help_text=gettext_lazy("Choose none to publish for all."),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        doctors: Any = self.fields["doctors"]
        doctors.queryset = Doctor.objects.filter(is_active=True)


def address(site: Any) -> str:
    """Where the page is."""
    return reverse(f"{site.name}:publish")


def page(site: Any, request: Any) -> HttpResponse:
    """Say what publishing does, and do it."""
    if not roles.runs_desk(request.user):
        raise PermissionDenied
    form = PublishForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        chosen = form.cleaned_data["doctors"] or Doctor.objects.filter(is_active=True)
        publish(request, list(chosen))
        return HttpResponseRedirect(reverse(f"{site.name}:bookings_slot_changelist"))
    context = {
        **site.each_context(request),
        "title": _("Publish slots"),
        "form": form,
        "back": reverse(f"{site.name}:bookings_slot_changelist"),
    }
    return TemplateResponse(request, "admin/desk/publish.html", context)


def publish(request: HttpRequest, doctors: Sequence[Doctor]) -> None:
    """Publish and say what was done."""
    if not doctors:
        _tell(request, _("None of them takes appointments."), messages.WARNING)
        return
    try:
        done = slots.publish(doctors)
    except BookingError as error:
        _tell(request, str(error), messages.ERROR)
        return
    said = _("Slots: %(made)d made, %(withdrawn)d withdrawn, %(back)d given back.")
    counts = {
        "made": done.made,
        "withdrawn": done.withdrawn,
        "back": done.given_back,
    }
    _tell(request, said % counts, messages.SUCCESS)


def _tell(request: HttpRequest, text: str, level: int) -> None:
    messages.add_message(request, level, text)
