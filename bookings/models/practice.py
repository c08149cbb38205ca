"""What a clinic is: its rules and face, its places, doctors and services."""

from datetime import timedelta
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from tenants.names import is_zone


class Practice(models.Model):
    """The clinic's own settings: one row, edited by its staff, read on each page.

    Colours are limited so that text on them stays readable (see docs/look.md).
    """

    tagline = models.CharField(_("tagline"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    opening_note = models.CharField(_("when we answer"), max_length=120, blank=True)
    emergency_note = models.CharField(_("in an emergency"), max_length=200, blank=True)
    brand_hue = models.PositiveSmallIntegerField(
        _("colour: hue"), default=215, validators=[MaxValueValidator(360)]
    )
    brand_chroma = models.DecimalField(
        _("colour: strength"),
        max_digits=4,
        decimal_places=3,
        default="0.085",
        validators=[MinValueValidator(0), MaxValueValidator(0.16)],
    )
    logo_svg = models.TextField(_("logo (SVG)"), blank=True, editable=False)
    # Below the clinic's own media folder; served by bookings.pages.media.
    logo = models.FileField(_("logo"), upload_to="logo/", blank=True)
    hold_minutes = models.PositiveSmallIntegerField(
        _("hold a time for (minutes)"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
    )
    notice_minutes = models.PositiveIntegerField(
        _("shortest notice (minutes)"),
        default=60,
        validators=[MaxValueValidator(60 * 24 * 60)],
    )
    horizon_days = models.PositiveSmallIntegerField(
        _("how far ahead (days)"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
    )
    cutoff_minutes = models.PositiveIntegerField(
        _("changes close before the visit (minutes)"),
        default=24 * 60,
        validators=[MaxValueValidator(60 * 24 * 60)],
    )
    max_open_appointments = models.PositiveSmallIntegerField(
        _("open appointments a patient may have"),
        default=8,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
    )

    holiday_country = models.CharField(
        _("closed on the public holidays of"),
        max_length=2,
        blank=True,
        help_text=_("Each day is listed under Holidays, where you can open it."),
    )
    holiday_region = models.CharField(
        _("part of the country"),
        max_length=8,
        blank=True,
        help_text=_("Where the days differ, for example ENG for England."),
    )

    # Steps of the guided set-up that were done or skipped; shown until all are.
    setup_steps = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, editable=False
    )
    # Opening hours as the set-up was told them (bookings.setup.week), for doctors to come.
    setup_week = models.JSONField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("clinic settings")
        verbose_name_plural = _("clinic settings")
        constraints = (
            models.CheckConstraint(condition=models.Q(pk=1), name="practice_is_one"),
        )

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def load(cls) -> Self:
        """Return the one row; a clinic that never saved it has the defaults."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    @property
    def hold_length(self) -> timedelta:
        return timedelta(minutes=self.hold_minutes)


class Location(models.Model):
    """A place where visits happen: decides whose clock comes first (FHIR Location)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=250)
    directions = models.CharField(_("directions"), max_length=250, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, validators=[is_zone])
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Translated(models.Model):
    """Fields of a clinic's own content, per language: `{"de": {"name": "…"}}`."""

    translations = models.JSONField(_("translations"), default=dict, blank=True)

    class Meta:
        abstract = True

    def in_language(self, field: str, language: str | None = None) -> str:
        """Return a field in the language (default: the active one), else as typed."""
        wanted = (language or get_language() or "").lower()
        for code in (wanted, wanted.split("-")[0]):
            if text := self.translations.get(code, {}).get(field):
                return str(text)
        return str(getattr(self, field))


class Service(Translated):
    """A kind of visit (FHIR HealthcareService): its length and the room around it."""

    class Mode(models.TextChoices):
        IN_PERSON = "in_person", _("In person")
        VIDEO = "video", _("Video")
        PHONE = "phone", _("Phone")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("address"), unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    bring = models.CharField(_("what to bring"), max_length=200, blank=True)
    mode = models.CharField(
        _("how"), max_length=12, choices=Mode, default=Mode.IN_PERSON
    )
    duration_minutes = models.PositiveSmallIntegerField(
        _("length (minutes)"),
        validators=[MinValueValidator(5), MaxValueValidator(480)],
    )
    buffer_before_minutes = models.PositiveSmallIntegerField(
        _("room before (minutes)"), default=0, validators=[MaxValueValidator(240)]
    )
    buffer_after_minutes = models.PositiveSmallIntegerField(
        _("room after (minutes)"), default=0, validators=[MaxValueValidator(240)]
    )
    notice_minutes = models.PositiveIntegerField(
        _("shortest notice (minutes)"),
        null=True,
        blank=True,
        help_text=_("Leave empty to use the clinic's."),
    )
    cutoff_minutes = models.PositiveIntegerField(
        _("changes close before the visit (minutes)"),
        null=True,
        blank=True,
        help_text=_("Leave empty to use the clinic's."),
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ("position", "name")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(duration_minutes__gt=0), name="service_has_length"
            ),
        )

    def __str__(self) -> str:
        return self.in_language("name")

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.duration_minutes)

    @property
    def before(self) -> timedelta:
        return timedelta(minutes=self.buffer_before_minutes)

    @property
    def after(self) -> timedelta:
        return timedelta(minutes=self.buffer_after_minutes)


class DoctorQuerySet(models.QuerySet["Doctor"]):
    def listed(self) -> Self:
        """Those whom patients see, with what a list shows of them."""
        return (
            self.filter(is_active=True)
            .select_related("default_service", "location")
            .prefetch_related("services")
        )


class Doctor(Translated):
    """Somebody who sees patients (FHIR Practitioner), with a clock of their own."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(_("address"), unique=True)
    title = models.CharField(_("title"), max_length=20, blank=True)
    name = models.CharField(_("name"), max_length=120)
    specialty = models.CharField(_("specialty"), max_length=80)
    languages = ArrayField(
        models.CharField(max_length=12), verbose_name=_("languages"), default=list
    )
    bio = models.TextField(_("biography"), max_length=2000, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, validators=[is_zone])
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, verbose_name=_("usual location")
    )
    services = models.ManyToManyField(
        Service, verbose_name=_("services"), related_name="doctors"
    )
    default_service = models.ForeignKey(
        Service,
        on_delete=models.PROTECT,
        verbose_name=_("default service"),
        related_name="+",
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("log-in"),
        related_name="doctor",
    )
    portrait_svg = models.TextField(_("drawn portrait"), blank=True, editable=False)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("takes appointments"), default=True)

    objects: ClassVar[models.Manager["Doctor"]] = DoctorQuerySet.as_manager()

    class Meta:
        verbose_name = _("doctor")
        verbose_name_plural = _("doctors")
        ordering = ("position", "name")

    def __str__(self) -> str:
        return f"{self.title} {self.name}".strip()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def initials(self) -> str:
        words = self.name.split()
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()

    @property
    def tone(self) -> int:
        """Pick one of the six avatar tones, the same each time."""
        return self.id.int % 6 + 1

    @property
    def specialty_label(self) -> str:
        return self.in_language("specialty")

    @property
    def bio_text(self) -> str:
        return self.in_language("bio")
