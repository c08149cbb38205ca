"""The filters beside the list of clinics, and what the first page counts by them."""

from datetime import datetime
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import DateTimeField, F, Func, Q, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models import Clinic
from tenants.usage import NEAR
from tenants.versions import current_version

_Lookups = list[tuple[str, Any]]


class LimitsFilter(SimpleListFilter):
    """Clinics that come near to what their plan has room for."""

    title = _("limits")
    parameter_name = "limits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> _Lookups:
        del request, model_admin
        return [("near", _("Near or reached")), ("full", _("Reached"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        share = {"near": NEAR, "full": 1.0}.get(self.value() or "")
        return near_limits(queryset, share, timezone.now()) if share else queryset


class TablesFilter(SimpleListFilter):
    """Clinics whose tables are not this code's."""

    title = _("tables")
    parameter_name = "tables"

    def lookups(self, request: HttpRequest, model_admin: Any) -> _Lookups:
        del request, model_admin
        return [("behind", _("Behind")), ("failed", _("Migration failed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        match self.value():
            case "behind":
                return behind(queryset)
            case "failed":
                return queryset.exclude(migration_error="")
        return queryset


def near_limits(
    clinics: QuerySet[Clinic], share: float, now: datetime
) -> QuerySet[Clinic]:
    """Those that use `share` of a limit of their plan, as `usage.levels` judges it."""
    of_month = Q(usage__counted_at__gte=_month_of(now))
    return clinics.filter(
        Q(usage__doctors__gte=F("plan__max_doctors") * share)
        | of_month & Q(usage__appointments__gte=F("plan__max_appointments") * share)
        | of_month & Q(usage__api_calls__gte=F("plan__max_api_calls") * share)
    )


def behind(clinics: QuerySet[Clinic]) -> QuerySet[Clinic]:
    """Those that have a schema, and wait for migrations."""
    ready = clinics.exclude(status=Clinic.Status.CREATING)
    return ready.exclude(schema_version=current_version())


def _month_of(now: datetime) -> Func:
    """When this month began on each clinic's own clock."""
    return Func(
        Value("month"),
        Value(now, output_field=DateTimeField()),
        F("timezone"),
        function="date_trunc",
        output_field=DateTimeField(),
    )
