"""Clinics and their addresses: the platform's own rows, in schema `public`."""

from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.timezone import now as current_time
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin
from uuid6 import uuid7

from tenants.names import is_reserved, is_zone, new_schema_name

slug_shape = RegexValidator(
    r"^[a-z](?:[a-z0-9]|-(?!-)){1,38}[a-z0-9]$",
    _("Use 3 to 40 small letters, digits and single hyphens, starting with a letter."),
)


class ClinicQuerySet(models.QuerySet["Clinic"]):
    def active(self) -> Self:
        return self.filter(status=Clinic.Status.ACTIVE)


class Clinic(TenantMixin):
    """One clinic: its address is the slug, its identity the UUID, its data a schema.

    The UUID never changes and is what tokens, links and Redis keys are bound to. A slug
    can be freed and taken by somebody else; the schema's name depends on neither.
    """

    class Status(models.TextChoices):
        CREATING = "creating", _("Being created")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schema_name = models.CharField(
        max_length=63, unique=True, default=new_schema_name, editable=False
    )
    slug = models.CharField(
        _("address"), max_length=40, unique=True, validators=[slug_shape, is_reserved]
    )
    name = models.CharField(_("name"), max_length=120)
    timezone = models.CharField(_("time zone"), max_length=64, validators=[is_zone])
    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.CREATING
    )
    created_at = models.DateTimeField(_("created"), default=current_time)

    auto_create_schema = False  # only provisioning.py makes schemas
    objects: ClassVar[ClinicQuerySet] = ClinicQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("clinic")
        verbose_name_plural = _("clinics")
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def host(self) -> str:
        """The host that links name: an own primary domain, else slug and base domain.

        Own domains carry no port; the base domain has one only in development.
        """
        port = f":{settings.PORT}" if settings.PUBLIC_SCHEME == "http" else ""
        return f"{self.slug}.{settings.BASE_DOMAIN}{port}"

    def url(self, path: str = "/") -> str:
        """Return the absolute address of `path` at this clinic."""
        return f"{settings.PUBLIC_SCHEME}://{self.host}{path}"


class Domain(DomainMixin):
    """A clinic's own domain. `<slug>.BASE_DOMAIN` needs no row."""

    class Meta:
        verbose_name = _("own domain")
        verbose_name_plural = _("own domains")


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
