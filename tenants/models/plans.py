"""What a clinic may use, and what it does use. Payment is somebody else's business."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Plan(models.Model):
    """Limits that operators give to clinics by name. An empty limit means: none."""

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=60)
    max_doctors = models.PositiveIntegerField(_("doctors"), null=True, blank=True)
    max_appointments = models.PositiveIntegerField(
        _("appointments a month"), null=True, blank=True
    )
    max_api_calls = models.PositiveIntegerField(
        _("API calls a month"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ("max_doctors", "name")

    def __str__(self) -> str:
        return self.name


class Usage(models.Model):
    """What a clinic used, as its worker last counted it. Numbers only, nobody's data."""

    clinic = models.OneToOneField(
        "tenants.Clinic",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="usage",
        verbose_name=_("clinic"),
    )
    doctors = models.PositiveIntegerField(_("doctors"), default=0)
    appointments = models.PositiveIntegerField(_("appointments this month"), default=0)
    api_calls = models.PositiveIntegerField(_("API calls this month"), default=0)
    size_bytes = models.PositiveBigIntegerField(_("size"), default=0)
    last_active_at = models.DateTimeField(_("last activity"), null=True, blank=True)
    counted_at = models.DateTimeField(_("counted"))

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("usage")

    def __str__(self) -> str:
        return f"{self.clinic_id} {self.counted_at:%Y-%m-%dT%H:%M:%SZ}"
