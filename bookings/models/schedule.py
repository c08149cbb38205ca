"""When doctors work: the rules that their slots are published from."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from bookings.models.practice import Doctor, Location


class WorkingHours(models.Model):
    """One block of a doctor's week, on the wall clock of the doctor's zone."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    doctor = models.ForeignKey(
        Doctor, on_delete=models.CASCADE, related_name="hours", verbose_name=_("doctor")
    )
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, verbose_name=_("location")
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    opens = models.TimeField(_("from"))
    closes = models.TimeField(
        _("until"), help_text=_("An earlier time than “from” means the next day.")
    )
    slot_minutes = models.PositiveSmallIntegerField(
        _("length of a slot (minutes)"),
        default=20,
        validators=[MinValueValidator(5), MaxValueValidator(480)],
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    staff_only = models.BooleanField(
        _("staff only"),
        default=False,
        help_text=_("Patients see these times as not bookable online."),
    )
    new_patients_only = models.BooleanField(
        _("new patients only"),
        default=False,
        help_text=_("Kept for people who have not been here before."),
    )

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ("doctor", "weekday", "opens")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(slot_minutes__gt=0), name="hours_slot_has_length"
            ),
        )

    def __str__(self) -> str:
        day = self.get_weekday_display()
        return f"{self.doctor}, {day} {self.opens:%H:%M}–{self.closes:%H:%M}"

    def clean(self) -> None:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": _("This is before “valid from”.")})


class TimeOff(models.Model):
    """Instants at which a doctor, or the whole clinic, sees nobody."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    doctor = models.ForeignKey(
        Doctor,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="time_off",
        verbose_name=_("doctor"),
        help_text=_("Leave empty to close the whole clinic."),
    )
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("until"))
    note = models.CharField(_("note for staff"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("time off")
        verbose_name_plural = _("time off")
        ordering = ("-start",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(start__lt=models.F("end")),
                name="time_off_has_length",
            ),
        )

    def __str__(self) -> str:
        return f"{self.doctor or _('Whole clinic')}, {self.start:%Y-%m-%d}"

    def clean(self) -> None:
        # Fields that did not parse are missing here, and said so elsewhere.
        start, end = getattr(self, "start", None), getattr(self, "end", None)
        if start and end and end <= start:
            raise ValidationError({"end": _("The end must be after the start.")})


class Holiday(models.Model):
    """A day on which the whole clinic is closed, on each doctor's own calendar.

    Those of the country come from a library with publishing; others are typed in. A row
    is never made twice, so a day that staff have opened stays open.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    day = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_open = models.BooleanField(
        _("open all the same"),
        default=False,
        help_text=_("The usual working hours apply on this day."),
    )
    # Whose holiday it is, such as GB-ENG; nothing: typed in by the clinic.
    calendar = models.CharField(max_length=12, blank=True, editable=False)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.name}, {self.day:%Y-%m-%d}"
