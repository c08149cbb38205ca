"""Which clinic has work for the background workers."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.clinics import Clinic


class DueWork(models.Model):
    """Tells workers which clinic has something to do, so that none sweeps them all.

    One row a clinic at most; written after commit (see `tenants.due`). It is a hint: the
    clinic's own outbox is the record, and a slow sweep finds what a lost hint hid.
    """

    clinic = models.OneToOneField(
        Clinic, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("due work")
        verbose_name_plural = _("due work")

    def __str__(self) -> str:
        return f"{self.clinic_id} {self.due_at:%Y-%m-%dT%H:%M:%SZ}"
