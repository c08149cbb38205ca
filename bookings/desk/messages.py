"""The mail that went out, waits, or was given up: so that staff can phone instead."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import roles
from accounts.modeladmin import ReadOnlyAdmin, display
from bookings.desk import clock
from bookings.desk.permissions import DeskButtons
from bookings.models import OutboxMessage
from bookings.outbox import post


class OutboxMessageAdmin(DeskButtons, ReadOnlyAdmin):
    actions = ("send_again",)
    list_display = (
        "about",
        "kind",
        "to",
        "state_label",
        "due",
        "attempts",
        "last_error",
    )
    list_filter = ("state",)
    list_select_related = ("change__appointment__patient__guardian",)
    search_fields = (
        "change__appointment__reference",
        "change__appointment__patient__name",
    )
    search_help_text = _("Reference of the appointment, or the patient's name")
    ordering = ("-due_at", "-id")
    fields = readonly_fields = (
        "about",
        "kind",
        "to",
        "state",
        "due",
        "sent",
        "attempts",
        "last_error",
    )

    def get_queryset(self, request: Any) -> QuerySet[OutboxMessage]:
        found: QuerySet[OutboxMessage] = super().get_queryset(request)
        if roles.sees_all_appointments(request.user):
            return found
        return found.filter(change__appointment__doctor__user=request.user)

    @admin.action(description=_("Send again what was given up"), permissions=["desk"])
    def send_again(
        self, request: HttpRequest, queryset: QuerySet[OutboxMessage]
    ) -> None:
        """Have the worker try anew, as often as it tried before it gave up."""
        dead = queryset.filter(state=OutboxMessage.State.DEAD)
        first = dead.select_related("change").first()
        state = OutboxMessage.State.WAITING
        number = dead.update(state=state, due_at=timezone.now(), attempts=0)
        if first:
            post.wake_worker(first.change)
        said = ngettext(
            "%(n)d message is sent again.", "%(n)d messages are sent again.", number
        )
        if number < queryset.count():
            said += " " + str(_("The others were not given up."))
        self.message_user(request, said % {"n": number}, messages.SUCCESS)

    @display(description=_("about"))
    def about(self, message: OutboxMessage) -> str:
        appointment = message.change.appointment
        return f"{appointment.reference}, {appointment.patient}"

    @display(description=_("what"))
    def kind(self, message: OutboxMessage) -> str:
        return message.change.get_kind_display()

    @display(description=_("to"))
    def to(self, message: OutboxMessage) -> str:
        return message.change.appointment.patient.mail_address or "–"

    @display(
        description=_("state"),
        ordering="state",
        label={"waiting": "info", "sent": "success", "dead": "danger"},
    )
    def state_label(self, message: OutboxMessage) -> tuple[str, str]:
        return message.state, message.get_state_display()

    @display(description=_("due"), ordering="due_at")
    def due(self, message: OutboxMessage) -> str:
        return clock.here(message.due_at)

    @display(description=_("sent"), ordering="sent_at")
    def sent(self, message: OutboxMessage) -> str:
        return clock.here(message.sent_at)
