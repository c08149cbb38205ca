"""A clinic made by an operator: for an owner who then chooses a password by mail."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts import mail, resets
from tenants import lifecycle, provisioning
from tenants.context import clinic_context
from tenants.models import Clinic, Plan
from tenants.models.clinics import slug_shape
from tenants.names import is_reserved, is_zone


class ClinicForm(forms.Form):
    """What a new clinic needs."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, widget=UnfoldAdminTextInputWidget
    )
    slug = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("The first part of its host, such as “riverside”."),
        max_length=40,
        validators=[slug_shape, is_reserved],
        widget=UnfoldAdminTextInputWidget,
    )
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Such as Europe/London."),
        max_length=64,
        validators=[is_zone],
        widget=UnfoldAdminTextInputWidget({"list": "zones"}),
    )
    owner_email = forms.EmailField(
        label=gettext_lazy("Owner’s e-mail"),
        help_text=gettext_lazy("A link to choose a password is sent there."),
        max_length=254,
        widget=UnfoldAdminEmailInputWidget,
    )
    plan = forms.ModelChoiceField(
        Plan.objects.none(),
        label=gettext_lazy("Plan"),
        help_text=gettext_lazy("Without a plan nothing is limited."),
        required=False,
        empty_label=gettext_lazy("No plan"),
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        plans: Any = self.fields["plan"]
        plans.queryset = Plan.objects.all()

    def clean_owner_email(self) -> str:
        return str(self.cleaned_data["owner_email"]).lower()


def page(model_admin: Any, request: Any) -> HttpResponse:
    """Ask for a clinic, and make it."""
    form = ClinicForm(request.POST if request.method == "POST" else None)
    clinic = _make(request, form) if form.is_valid() else None
    if clinic:
        _invite(model_admin, request, clinic, form.cleaned_data["owner_email"])
        return HttpResponseRedirect(model_admin.address_of(clinic))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Make a clinic"),
        "form": form,
        "zones": sorted(available_timezones()),
        "back": model_admin.list_address(),
    }
    return TemplateResponse(request, "admin/operators/make.html", context)


def _make(request: Any, form: ClinicForm) -> Clinic | None:
    """Make it ready; None, and a word in the form, if that cannot be done."""
    asked = form.cleaned_data
    owner = provisioning.Owner(email=asked["owner_email"])
    by = request.user.email
    try:
        clinic = provisioning.reserve(
            slug=asked["slug"],
            name=asked["name"],
            timezone=asked["timezone"],
            owner=owner,
        )
        provisioning.build(clinic, by=by)
    except provisioning.AddressTakenError as error:
        form.add_error("slug", error)
        return None
    except ValidationError as error:
        form.add_error(None, error.messages)
        return None
    except DatabaseError:
        said = _("It could not be made just now. Press the button again in a moment.")
        form.add_error(None, said)
        return None
    if asked["plan"]:
        lifecycle.set_plan(clinic, asked["plan"], by=by)
    return clinic


def _invite(model_admin: Any, request: HttpRequest, clinic: Clinic, email: str) -> None:
    """Mail the owner a link; operators are never shown one, which would let them in."""
    words = {"clinic": clinic, "email": email, "address": clinic.url("/account/reset/")}
    try:
        with clinic_context(clinic):
            resets.send(clinic, email)
    except mail.FAILURES:
        said = _(
            "%(clinic)s is ready, but no mail could be sent to %(email)s. Ask the owner "
            "to choose a password at %(address)s."
        )
        model_admin.message_user(request, said % words, messages.WARNING)
        return
    said = _(
        "%(clinic)s is ready. A link to choose a password is on its way to %(email)s; "
        "it is good for an hour, and %(address)s sends another."
    )
    model_admin.message_user(request, said % words, messages.SUCCESS)
