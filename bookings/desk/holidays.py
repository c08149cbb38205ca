"""Days on which the whole clinic is closed: the country's, and the clinic's own."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.modeladmin import PlainModelAdmin, display
from bookings.desk.rules import ChangesRules
from bookings.models import Holiday


class ComingFilter(SimpleListFilter):
    """Days that are over are seldom looked for."""

    title = gettext_lazy("date")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        del request, model_admin
        return [("past", gettext_lazy("Before today")), ("all", gettext_lazy("All"))]

    def choices(self, changelist: ChangeList) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("From today")}
        yield from others

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Holiday]
    ) -> QuerySet[Holiday]:
        del request
        today = timezone.localdate()
        match self.value():
            case "past":
                return queryset.filter(day__lt=today).order_by("-day")
            case "all":
                return queryset
        return queryset.filter(day__gte=today)


class HolidayAdmin(ChangesRules, PlainModelAdmin):
    list_display = ("when", "name", "is_open", "source")
    list_filter = (ComingFilter, "is_open")
    search_fields = ("name",)
    search_help_text = gettext_lazy("Name of the day")
    fields = ("day", "name", "is_open", "source")
    readonly_fields = ("source",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A public holiday stays on its day; it may be renamed and opened."""
        return ("day", "source") if _is_public(obj) else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Publishing would only bring a public holiday back: it can be opened."""
        may: bool = super().has_delete_permission(request, obj)
        return may and not _is_public(obj)

    @display(description=gettext_lazy("day"), ordering="day")
    def when(self, holiday: Holiday) -> str:
        return date_format(holiday.day, "D j M Y")

    @display(description=gettext_lazy("from"), ordering="calendar")
    def source(self, holiday: Holiday) -> str:
        if not _is_public(holiday):
            return _("The clinic’s own")
        return _("Public holiday (%(calendar)s)") % {"calendar": holiday.calendar}


def _is_public(holiday: Holiday | None) -> bool:
    return bool(holiday and holiday.calendar)
