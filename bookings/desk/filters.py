"""The filters beside the staff's lists."""

from datetime import timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bookings.desk import clock
from bookings.models import Slot

_Lookups = list[tuple[str, Any]]


class DayFilter(SimpleListFilter):
    """Which days, on the clinic's clock; from today on unless asked otherwise."""

    title = _("date")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> _Lookups:
        del request, model_admin
        return [
            ("today", _("Today")),
            ("tomorrow", _("Tomorrow")),
            ("week", _("The next 7 days")),
            ("past", _("Before today")),
            ("all", _("All")),
        ]

    def choices(self, changelist: ChangeList) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("From today")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        today = timezone.localdate()
        start, end = clock.days(today)
        match self.value():
            case "today":
                return queryset.filter(start__gte=start, start__lt=end)
            case "tomorrow":
                start, end = clock.days(today + timedelta(days=1))
                return queryset.filter(start__gte=start, start__lt=end)
            case "week":
                end = clock.days(today, 7)[1]
                return queryset.filter(start__gte=start, start__lt=end)
            case "past":
                return queryset.filter(start__lt=start).order_by("-start", "-id")
            case "all":
                return queryset
        return queryset.filter(start__gte=start)


class SlotStatusFilter(SimpleListFilter):
    """A slot's status is no column: it follows from other columns at this instant."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> _Lookups:
        del request, model_admin
        return list(Slot.Status.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        if self.value() not in Slot.Status.values:
            return queryset
        slots: Any = queryset
        found: QuerySet[Any] = slots.with_status(self.value(), timezone.now())
        return found
