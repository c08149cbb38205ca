"""Patients: people, not accounts. One e-mail may serve a whole family."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from accounts import roles
from accounts.models import User


class PatientQuerySet(models.QuerySet["Patient"]):
    def of_user(self, user: User) -> Self:
        """The person behind an account, and those this person may book for.

        Over a join, PostgreSQL would read all patients to find either.
        """
        person = Patient.objects.filter(user=user).order_by().values("pk")[:1]
        return self.filter(models.Q(user=user) | models.Q(guardian=person))

    def visible_to(self, user: User) -> Self:
        if roles.is_staff(user):
            return self
        return self.of_user(user)


class Patient(models.Model):
    """A person who is seen. Guests are never matched to an old row by e-mail."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("email"), max_length=254, blank=True)
    phone = models.CharField(
        _("phone"), max_length=20, blank=True, help_text=_("Kept as +441632960118.")
    )
    date_of_birth = models.DateField(_("date of birth"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("log-in"),
        related_name="patient",
    )
    guardian = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("booked for by"),
        related_name="dependants",
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects: ClassVar[models.Manager["Patient"]] = PatientQuerySet.as_manager()

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ("name",)
        indexes = (models.Index(fields=["email"]), models.Index(fields=["name"]))

    def __str__(self) -> str:
        return self.name

    @property
    def mail_address(self) -> str:
        """Where messages about this person go: their own address, or the guardian's."""
        return self.email or (self.guardian.email if self.guardian else "")
