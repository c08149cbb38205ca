"""The site itself: who enters, its first page, and what is registered."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import roles
from accounts.admin import OperatorAdmin
from accounts.adminsite import RoleSite
from accounts.models import User
from tenants.models import (
    Archive,
    Clinic,
    ClinicEvent,
    Domain,
    DueWork,
    Plan,
    SupportVisit,
)
from tenants.operators import overview, records
from tenants.operators.clinics import ClinicAdmin


class OperatorsSite(RoleSite):
    settings_name = "UNFOLD_OPERATORS"
    roles = frozenset({roles.OPERATOR})
    index_title = _("Overview")
    index_template = "admin/operators/overview.html"

    def has_permission(self, request: Any) -> bool:
        return request.clinic is None and super().has_permission(request)

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        extra = {**overview.overview(timezone.now()), **(extra_context or {})}
        response: HttpResponse = super().index(request, extra)
        return response

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: Any = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"{self.name}:index"))


def _make() -> OperatorsSite:
    site = OperatorsSite()
    site.disable_action("delete_selected")
    site.register(Clinic, ClinicAdmin)
    site.register(Plan, records.PlanAdmin)
    site.register(Domain, records.DomainAdmin)
    site.register(Archive, records.ArchiveAdmin)
    site.register(ClinicEvent, records.EventAdmin)
    site.register(SupportVisit, records.VisitAdmin)
    site.register(DueWork, records.DueWorkAdmin)
    site.register(User, OperatorAdmin)
    return site


operators_site = _make()
