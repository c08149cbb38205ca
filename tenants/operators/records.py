"""What is only looked at: events, visits, exports, domains, due work; and the plans."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.modeladmin import PlainModelAdmin, ReadOnlyAdmin, button, display
from tenants import archives, hosts, lifecycle
from tenants.models import (
    Archive,
    Clinic,
    ClinicEvent,
    Domain,
    DueWork,
    Plan,
    SupportVisit,
)
from tenants.operators import showing
from tenants.owner.data import Download


class EventAdmin(ReadOnlyAdmin):
    """What was done to clinics, by whom; also to those that are gone."""

    list_display = ("when", "clinic_name", "slug", "kind_label", "by", "note")
    list_filter = ("kind",)
    search_fields = ("clinic_name", "slug", "by", "clinic_id")
    search_help_text = gettext_lazy("Clinic, its address or id, or who did it")
    fields = readonly_fields = (
        "when",
        "clinic_name",
        "slug",
        "clinic_id",
        "kind_label",
        "by",
        "note",
    )

    @display(description=gettext_lazy("when"), ordering="at")
    def when(self, event: ClinicEvent) -> str:
        return showing.moment(event.at)

    @display(description=gettext_lazy("what"), ordering="kind")
    def kind_label(self, event: ClinicEvent) -> str:
        return showing.label(event.get_kind_display())


class VisitAdmin(ReadOnlyAdmin):
    """Who looked into which clinic, why, and until when."""

    list_display = ("asked", "clinic", "operator", "reason", "entered", "ends", "state")
    list_select_related = ("clinic__plan",)
    search_fields = ("clinic__name", "clinic__slug", "operator", "reason")
    search_help_text = gettext_lazy("Clinic, operator or reason")
    fields = readonly_fields = list_display

    @display(description=gettext_lazy("asked for"), ordering="created_at")
    def asked(self, visit: SupportVisit) -> str:
        return showing.moment(visit.created_at)

    @display(description=gettext_lazy("entered"), ordering="entered_at")
    def entered(self, visit: SupportVisit) -> str:
        return showing.moment(visit.entered_at)

    @display(description=gettext_lazy("ends"), ordering="ends_at")
    def ends(self, visit: SupportVisit) -> str:
        return showing.moment(visit.ends_at)

    @display(description=gettext_lazy("state"))
    def state(self, visit: SupportVisit) -> str:
        if visit.ends_at <= timezone.now():
            return showing.label(_("Over"))
        if visit.entered_at:
            return showing.label(_("Inside"), "warning")
        return showing.label(_("Not yet in"), "info")


class ArchiveAdmin(ReadOnlyAdmin):
    """Clinics' data as files. Fetching one is written down."""

    list_display = ("asked", "clinic", "asked_by", "status_label", "size")
    list_filter = ("status",)
    list_select_related = ("clinic__plan",)
    search_fields = ("clinic__name", "clinic__slug", "asked_by")
    search_help_text = gettext_lazy("Clinic, or who asked")
    fields = readonly_fields = list_display
    actions_detail = ("download",)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        found = self.get_object(request, unquote(str(object_id)))
        if found is None or found.status != Archive.Status.READY:
            return []
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        return buttons

    @button(
        description=gettext_lazy("Download"),
        permissions=["view"],
        icon="download",
        url_path="download",
    )
    def download(self, request: Any, object_id: str) -> HttpResponseBase:
        found = self.get_object(request, unquote(object_id))
        try:
            if found is None or found.status != Archive.Status.READY:
                raise FileNotFoundError
            name = f"{found.clinic.slug}-{found.created_at:%Y-%m-%d}.zip"
            answer = Download(archives.path_of(found), name)
        except FileNotFoundError:
            said = _("This export is not there. Ask for a new one.")
            self.message_user(request, said, messages.ERROR)
            return HttpResponseRedirect(self.list_address())
        lifecycle.record(
            found.clinic,
            ClinicEvent.Kind.EXPORTED,
            by=request.user.email,
            note=_("Downloaded by an operator"),
        )
        return answer

    @display(description=gettext_lazy("asked for"), ordering="created_at")
    def asked(self, archive: Archive) -> str:
        return showing.moment(archive.created_at)

    @display(description=gettext_lazy("status"), ordering="status")
    def status_label(self, archive: Archive) -> str:
        colours = {"waiting": "info", "ready": "success", "failed": "danger"}
        return showing.label(archive.get_status_display(), colours[archive.status])

    @display(description=gettext_lazy("size"), ordering="size_bytes")
    def size(self, archive: Archive) -> str:
        if archive.size_bytes is None:
            return showing.NOTHING
        return filesizeformat(archive.size_bytes)


class DomainAdmin(ReadOnlyAdmin):
    """Clinics' own domains: their owners add them, a DNS record proves them."""

    list_display = ("domain", "clinic", "state", "is_primary", "added")
    list_select_related = ("tenant__plan",)
    search_fields = ("domain", "tenant__name", "tenant__slug")
    search_help_text = gettext_lazy("Domain or clinic")
    fields = readonly_fields = ("domain", "clinic", "state", "is_primary", "added")

    @display(description=gettext_lazy("clinic"), ordering="tenant__name")
    def clinic(self, domain: Domain) -> str:
        return showing.link(showing.page_of(domain.tenant), domain.tenant.name)

    @display(description=gettext_lazy("state"))
    def state(self, domain: Domain) -> str:
        if domain.missing_since:
            return showing.label(_("Record missing"), "danger")
        if domain.verified_at:
            return showing.label(_("Verified"), "success")
        return showing.label(_("Not proved yet"), "info")

    @display(description=gettext_lazy("added"), ordering="created_at")
    def added(self, domain: Domain) -> str:
        return showing.moment(domain.created_at)


class DueWorkAdmin(ReadOnlyAdmin):
    """Which clinics the background workers will look at next."""

    list_display = ("clinic", "due")
    list_select_related = ("clinic__plan",)
    fields = readonly_fields = ("clinic", "due")

    @display(description=gettext_lazy("due"), ordering="due_at")
    def due(self, work: DueWork) -> str:
        return showing.moment(work.due_at)


class PlanAdmin(PlainModelAdmin):
    """Limits by name. A plan that a clinic is on stays."""

    list_display = (
        "name",
        "max_doctors",
        "max_appointments",
        "max_api_calls",
        "clinics",
    )
    fields = ("name", "code", "max_doctors", "max_appointments", "max_api_calls")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> tuple[str, ...]:
        """The code is what programs call the plan by."""
        return ("code",) if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        found: QuerySet[Plan] = super().get_queryset(request)
        same = Clinic.objects.filter(plan=OuterRef("pk")).order_by().values("plan")
        return found.annotate(on_it=Subquery(same.annotate(n=Count("pk")).values("n")))

    def save_model(self, request: Any, obj: Plan, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        hosts.forget()

    def instead_of_deleting(self) -> str:
        return _("Give its clinics another plan first.")

    @display(description=gettext_lazy("clinics"))
    def clinics(self, plan: Any) -> str:
        return str(plan.on_it or 0)
