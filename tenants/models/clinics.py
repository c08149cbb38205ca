"""Clinics and their addresses."""

from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.timezone import now as current_time
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin
from uuid6 import uuid7

from tenants.models.plans import Plan
from tenants.names import is_reserved, is_zone, new_schema_name

slug_shape = RegexValidator(
    r"^[a-z](?:[a-z0-9]|-(?!-)){1,38}[a-z0-9]$",
    _("Use 3 to 40 small letters, digits and single hyphens, starting with a letter."),
)


class ClinicQuerySet(models.QuerySet["Clinic"]):
    def active(self) -> Self:
        """Those that take bookings: trial or paid for."""
        return self.filter(status__in=Clinic.OPEN)

    def ready(self) -> Self:
        """Those that have a schema, whatever they may do with it."""
        return self.exclude(status=Clinic.Status.CREATING)


class ClinicManager(models.Manager["Clinic"]):
    """Always loads the plan too: inside a clinic's schema it cannot be had any more."""

    def get_queryset(self) -> ClinicQuerySet:
        return ClinicQuerySet(self.model, using=self._db).select_related("plan")

    def active(self) -> ClinicQuerySet:
        return self.get_queryset().active()

    def ready(self) -> ClinicQuerySet:
        return self.get_queryset().ready()


class Clinic(TenantMixin):
    """One clinic: its address is the slug, its identity the UUID, its data a schema.

    The UUID never changes and is what tokens, links and Redis keys are bound to. A slug
    can be freed and taken by somebody else; the schema's name depends on neither.
    `tenants.lifecycle` alone changes the status.
    """

    class Status(models.TextChoices):
        CREATING = "creating", _("Being created")
        TRIAL = "trial", _("On trial")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    OPEN = frozenset({Status.TRIAL, Status.ACTIVE})

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
    plan = models.ForeignKey(
        Plan,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("plan"),
        help_text=_("Without a plan nothing is limited."),
    )
    trial_ends_at = models.DateTimeField(_("trial ends"), null=True, blank=True)
    delete_after = models.DateTimeField(_("deleted after"), null=True, blank=True)
    # Tokens from before are void: a suspension ends them for good.
    tokens_since = models.DateTimeField(null=True, blank=True, editable=False)
    primary_domain = models.CharField(
        _("primary own domain"), max_length=253, blank=True, editable=False
    )
    # Of the newest migrations this schema has run (tenants.versions); the rest is work.
    schema_version = models.CharField(
        _("schema version"), max_length=64, blank=True, editable=False
    )
    migration_error = models.TextField(
        _("failed migration"), blank=True, editable=False
    )

    auto_create_schema = False  # only provisioning.py makes schemas
    objects: ClassVar[ClinicManager] = ClinicManager()

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
    def is_open(self) -> bool:
        """Whether it takes bookings."""
        return self.status in self.OPEN

    @property
    def host(self) -> str:
        """The host that links name: an own primary domain, else slug and base domain.

        Own domains carry no port; the base domain has one only in development.
        """
        return self.primary_domain or self.platform_host

    @property
    def platform_host(self) -> str:
        """The host that is always there."""
        port = f":{settings.PORT}" if settings.PUBLIC_SCHEME == "http" else ""
        return f"{self.slug}.{settings.BASE_DOMAIN}{port}"

    def url(self, path: str = "/") -> str:
        """Return the absolute address of `path` at this clinic."""
        return f"{settings.PUBLIC_SCHEME}://{self.host}{path}"


class Domain(DomainMixin):
    """A clinic's own domain, answered once a DNS record proves whose it is.

    `<slug>.BASE_DOMAIN` needs no row.
    """

    # Unique only once verified: nobody may sit on a name that is not theirs.
    domain = models.CharField(_("domain"), max_length=253, db_index=True)
    # Links name it. `tenants.domains` alone chooses, and writes Clinic.primary_domain.
    is_primary = models.BooleanField(_("primary"), default=False, editable=False)
    token = models.CharField(_("token"), max_length=64, editable=False)
    verified_at = models.DateTimeField(
        _("verified"), null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(_("added"), default=current_time, editable=False)
    # The record was there once, and is not any more.
    missing_since = models.DateTimeField(
        _("record missing since"), null=True, blank=True, editable=False
    )
    check_after = models.DateTimeField(
        null=True, blank=True, db_index=True, editable=False
    )

    objects: ClassVar[models.Manager["Domain"]] = models.Manager()

    class Meta:
        verbose_name = _("own domain")
        verbose_name_plural = _("own domains")
        ordering = ("domain",)
        constraints = (
            models.UniqueConstraint(
                fields=["domain"],
                condition=models.Q(verified_at__isnull=False),
                name="verified_domain_is_one",
            ),
            models.UniqueConstraint(
                fields=["tenant", "domain"], name="clinic_names_domain_once"
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(is_primary=True),
                name="clinic_has_one_primary_domain",
            ),
            models.CheckConstraint(
                condition=models.Q(is_primary=False)
                | models.Q(verified_at__isnull=False),
                name="primary_domain_is_verified",
            ),
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save what is set, and no more: the mixin would make the first one primary."""
        models.Model.save(self, *args, **kwargs)


class Provisioning(models.Model):
    """What a clinic that is being created still needs; gone once it is ready."""

    clinic = models.OneToOneField(
        Clinic, on_delete=models.CASCADE, primary_key=True, related_name="provisioning"
    )
    owner_name = models.CharField(max_length=200)
    owner_email = models.EmailField(max_length=254)
    owner_password = models.CharField(max_length=128, blank=True)  # hashed
    is_trial = models.BooleanField(default=False)
    started_at = models.DateTimeField(default=current_time)

    class Meta:
        verbose_name = _("clinic being created")
        verbose_name_plural = _("clinics being created")

    def __str__(self) -> str:
        return str(self.clinic_id)


class Blueprint(models.Model):
    """The tables of a new clinic as one text, for one version of the migrations."""

    version = models.CharField(max_length=64, primary_key=True)
    ddl = models.TextField()

    class Meta:
        verbose_name = _("prepared schema")
        verbose_name_plural = _("prepared schemas")

    def __str__(self) -> str:
        return self.version
