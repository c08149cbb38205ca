"""Answers kept so that a repeated request does nothing twice."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class KeptAnswer(models.Model):
    """What a request with an Idempotency-Key was answered, for 24 hours.

    Written in the same transaction as what the request did. The caller is known by a
    hash only; the body may name a patient, so erasing a patient must cover these rows.
    """

    caller = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = (
            models.UniqueConstraint(fields=["caller", "key"], name="answer_once"),
        )

    def __str__(self) -> str:
        return f"{self.status} {self.created_at:%Y-%m-%dT%H:%M:%SZ}"
