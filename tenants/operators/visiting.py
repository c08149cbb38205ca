"""“Open as support”: why and for how long, and then the link into the clinic."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminSelectWidget

from tenants import support
from tenants.lifecycle import NotNowError
from tenants.models import Clinic, SupportVisit
from tenants.operators import asking, showing
from tenants.operators.deeds import ReasonForm


class VisitForm(ReasonForm):
    hours = forms.TypedChoiceField(
        label=gettext_lazy("For how long"), coerce=int, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        hours: Any = self.fields["hours"]
        hours.choices = [
            (n, ngettext("%(n)d hour", "%(n)d hours", n) % {"n": n})
            for n in range(1, support.MOST_HOURS + 1)
        ]


def page(model_admin: Any, request: Any, clinic: Clinic) -> HttpResponse:
    """Ask for the reason; then show the link, which is to be shown once."""
    form = VisitForm(request.POST if "post" in request.POST else None)
    if form.is_valid():
        try:
            asked = {key: form.cleaned_data[key] for key in ("reason", "hours")}
            visit = support.ask(clinic, operator=request.user, **asked)
            return _opened(model_admin, request, visit)
        except (NotNowError, ValidationError) as error:
            form.add_error(None, getattr(error, "messages", None) or str(error))
    words = {
        "title": _("Open as support"),
        "warning": _(
            "You can read everything that the clinic’s staff can read, its patients "
            "too, and change nothing. The owner sees that you were there, why, and for "
            "how long, and can end it."
        ),
        "button": _("Give me the link"),
    }
    back = model_admin.address_of(clinic)
    return asking.ask(model_admin, request, [clinic], form, back=back, **words)


def _opened(model_admin: Any, request: Any, visit: SupportVisit) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Open as support"),
        "clinic": visit.clinic,
        "link": support.link_for(visit),
        "ends": showing.moment(visit.ends_at),
        "back": model_admin.address_of(visit.clinic),
    }
    return TemplateResponse(request, "admin/operators/visit.html", context)
