"""What happened to clinics: an append-only record, visits of support, archives."""

from typing import ClassVar

from django.db import models
from django.utils.timezone import now as current_time
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from tenants.models.clinics import Clinic


class ClinicEvent(models.Model):
    """One thing that was done to a clinic. Outlives it, so it names it by value."""

    class Kind(models.TextChoices):
        CREATED = "created", _("created")
        ACTIVATED = "activated", _("activated")
        SUSPENDED = "suspended", _("suspended")
        RESUMED = "resumed", _("resumed")
        CLOSED = "closed", _("closed")
        REOPENED = "reopened", _("reopened")
        DELETED = "deleted", _("deleted")
        PLAN = "plan", _("plan changed")
        DOMAIN = "domain", _("domains changed")
        SUPPORT = "support", _("opened as support")
        EXPORTED = "exported", _("exported")
        IMPORTED = "imported", _("imported")
        MIGRATED = "migrated", _("migrated")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic_id = models.UUIDField(_("clinic’s id"), db_index=True)
    clinic_name = models.CharField(_("clinic"), max_length=120)
    slug = models.CharField(_("address"), max_length=40)
    kind = models.CharField(_("what"), max_length=12, choices=Kind)
    by = models.CharField(_("by"), max_length=254)
    note = models.CharField(_("note"), max_length=500, blank=True)
    at = models.DateTimeField(_("when"), default=current_time)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("what happened")
        ordering: ClassVar[tuple[str, ...]] = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.clinic_name}: {self.get_kind_display()}"


class SupportVisit(models.Model):
    """An operator looked into a clinic: why, and until when. The owner sees it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(
        Clinic, on_delete=models.CASCADE, related_name="support_visits"
    )
    operator = models.CharField(_("operator"), max_length=254)
    reason = models.CharField(_("reason"), max_length=300)
    created_at = models.DateTimeField(_("asked for"), default=current_time)
    entered_at = models.DateTimeField(_("entered"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"))

    class Meta:
        verbose_name = _("support visit")
        verbose_name_plural = _("support visits")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.operator} {self.created_at:%Y-%m-%dT%H:%M:%SZ}"


class Archive(models.Model):
    """A clinic's data asked for as one file, which a worker writes."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Being prepared")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clinic = models.ForeignKey(
        Clinic, on_delete=models.CASCADE, related_name="archives"
    )
    asked_by = models.CharField(_("asked for by"), max_length=254)
    status = models.CharField(
        _("status"), max_length=8, choices=Status, default=Status.WAITING
    )
    created_at = models.DateTimeField(_("asked for"), default=current_time)
    # A worker that is killed leaves it to be taken up again after this.
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    size_bytes = models.PositiveBigIntegerField(_("size"), null=True, blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.clinic_id} {self.created_at:%Y-%m-%dT%H:%M:%SZ}"
