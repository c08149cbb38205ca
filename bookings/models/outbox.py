"""Messages to send: rows written in the booking's own transaction."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from bookings.models.appointments import AppointmentChange


class OutboxMessage(models.Model):
    """One mail to one patient about one change. Holds ids, no personal data.

    Delivered at least once; its Message-ID follows from its id, so that receivers can
    drop a repeat.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        SKIPPED = "skipped", _("Nobody to write to")
        DEAD = "dead", _("Given up")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    change = models.OneToOneField(
        AppointmentChange,
        on_delete=models.PROTECT,
        related_name="message",
        db_constraint=False,  # changes are never deleted
    )
    state = models.CharField(
        _("state"), max_length=8, choices=State, default=State.WAITING
    )
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("-due_at",)
        indexes = (
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="waiting"),
                name="outbox_waiting",
            ),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="dead"),
                name="outbox_dead",
            ),
        )

    def __str__(self) -> str:
        return f"{self.change_id} {self.state}"
