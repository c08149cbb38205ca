"""Appointments, their history, and the holds that come before them."""

import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import (
    ArrayField,
    DateTimeRangeField,
    RangeBoundary,
    RangeOperators,
)
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from accounts import roles
from accounts.models import User
from bookings.models.patients import Patient
from bookings.models.practice import Doctor, Location, Service
from bookings.models.slots import Slot

# No 0/O, 1/I/L: people read these over the phone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_reference() -> str:
    """Make a reference such as `7K2M-94XQ-HB`: short, unguessable (49 bits)."""
    number, letters = secrets.randbelow(len(_ALPHABET) ** 10), ""
    for _place in range(10):
        number, which = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[which]
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


class TsTzRange(models.Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


# What the constraints keep apart. Deliberate overbooking is outside of both.
_OCCUPIES = models.Q(
    status__in=["booked", "arrived", "completed"],
    is_overbooked=False,
    is_unplaced=False,
)


# Where a visit is.
_PLACE = ("pk", "doctor_id", "start", "end")


def _slots_of(pk: Any, doctor: Any, start: Any, end: Any) -> models.QuerySet[Slot]:
    """The slots of a visit, by start: found by the index of doctor and start.

    Of their visits there is none: PostgreSQL would then write all indexes of a slot
    whenever it is booked, and not just its row (see "heap-only tuples" in its manual).
    """
    there = Slot.objects.between(start, end).filter(doctor=doctor)
    return there.filter(appointment=pk)


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def active(self) -> Self:
        """Those that occupy their time."""
        return self.filter(status__in=Appointment.ACTIVE)

    def occupying(self) -> Self:
        """Those that nothing else may overlap: what the constraints see."""
        return self.filter(_OCCUPIES)

    def but(self, one: "Appointment | None") -> Self:
        """All except one, which may be none."""
        return self.exclude(pk=one.pk) if one else self.all()

    def upcoming(self, now: datetime) -> Self:
        return self.filter(status=Appointment.Status.BOOKED, end__gt=now)

    def visible_to(self, user: User) -> Self:
        """A patient's own and family's; a doctor's own; the desk sees all."""
        if roles.sees_all_appointments(user):
            return self
        if roles.is_doctor(user):
            return self.filter(doctor__user=user)
        return self.filter(patient__in=Patient.objects.of_user(user))

    def with_everything(self) -> Self:
        return self.select_related(
            "doctor", "service", "location", "patient", "patient__guardian"
        )

    def with_slots(self) -> Self:
        """With the ids of the slots that each has, as `slot_ids`."""
        slots = _slots_of(*map(models.OuterRef, _PLACE))
        return self.annotate(slot_ids=ArraySubquery(slots.values("pk")))


class Appointment(models.Model):
    """A visit, whole in itself: it stays true if slots, hours or zones change later."""

    class Status(models.TextChoices):
        BOOKED = "booked", _("Booked")
        ARRIVED = "arrived", _("Arrived")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")
        NO_SHOW = "no_show", _("Did not come")

    class Via(models.TextChoices):
        PAGE = "page", _("Website")
        API = "api", _("API")
        DESK = "desk", _("Reception")
        SEED = "seed", _("Demo data")

    ACTIVE = (Status.BOOKED, Status.ARRIVED, Status.COMPLETED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reference = models.CharField(_("reference"), max_length=14, default=new_reference)
    # Of keys that open an index of several columns, that index is enough.
    doctor = models.ForeignKey(
        Doctor,
        on_delete=models.PROTECT,
        related_name="appointments",
        verbose_name=_("doctor"),
        db_index=False,
    )
    # By these two, appointments are looked for only when one is to be deleted.
    service = models.ForeignKey(
        Service,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("service"),
        db_index=False,
    )
    location = models.ForeignKey(
        Location,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("location"),
        db_index=False,
    )
    patient = models.ForeignKey(
        Patient,
        on_delete=models.PROTECT,
        related_name="appointments",
        verbose_name=_("patient"),
        db_index=False,
    )
    start = models.DateTimeField(_("start"))
    end = models.DateTimeField(_("end"))
    occupied = DateTimeRangeField(_("time occupied, buffers included"))
    # As it was booked on the clock of the place: what the patient was told.
    wall_start = models.CharField(_("local time as booked"), max_length=16)
    zone = models.CharField(_("zone as booked"), max_length=64)
    fold = models.PositiveSmallIntegerField(_("second pass of the clock"), default=0)
    original_slots = ArrayField(models.UUIDField(), verbose_name=_("slots as booked"))
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.BOOKED
    )
    version = models.PositiveIntegerField(_("version"), default=1)
    booked_via = models.CharField(_("booked via"), max_length=8, choices=Via)
    language = models.CharField(_("language"), max_length=12, blank=True)
    reason = models.CharField(_("reason for the visit"), max_length=500, blank=True)
    is_overbooked = models.BooleanField(_("deliberately overbooked"), default=False)
    # Lost its time to changed rules, and nobody has decided yet: it occupies nothing.
    is_unplaced = models.BooleanField(_("needs a new time"), default=False)
    series = models.UUIDField(_("series"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects: ClassVar[models.Manager["Appointment"]] = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering = ("start", "id")
        indexes = (
            models.Index(fields=["start", "id"]),
            models.Index(fields=["doctor", "start"]),
            models.Index(fields=["patient", "start"]),
            models.Index(
                fields=["series"],
                condition=models.Q(series__isnull=False),
                name="appointment_of_series",
            ),
            models.Index(  # who needs a new time, however long ago it was
                fields=["start"],
                condition=models.Q(is_unplaced=True),
                name="appointment_unplaced",
            ),
            models.Index(  # how many this month: what the clinic's plan limits
                fields=["created_at"],
                condition=~models.Q(status="cancelled"),
                name="appointment_booked_at",
            ),
        )
        # The last of the three layers, and the only one that is trusted.
        constraints = (
            # `unique=True` would add an index for LIKE, which nobody asks by.
            models.UniqueConstraint(fields=["reference"], name="reference_once"),
            ExclusionConstraint(
                name="appointment_doctor_once",
                expressions=[
                    ("doctor", RangeOperators.EQUAL),
                    ("occupied", RangeOperators.OVERLAPS),
                ],
                condition=_OCCUPIES,
                deferrable=models.Deferrable.IMMEDIATE,
            ),
            ExclusionConstraint(
                name="appointment_patient_once",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    (
                        TsTzRange("start", "end", RangeBoundary()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=_OCCUPIES,
                deferrable=models.Deferrable.IMMEDIATE,
            ),
            models.CheckConstraint(
                condition=models.Q(start__lt=models.F("end")),
                name="appointment_has_length",
            ),
            models.CheckConstraint(
                # Empty and unbounded ranges would slip through an exclusion.
                condition=models.Q(
                    occupied__isempty=False,
                    occupied__startswith__lte=models.F("start"),
                    occupied__endswith__gte=models.F("end"),
                    occupied__lower_inc=True,
                    occupied__upper_inc=False,
                ),
                name="appointment_occupies_its_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference}"

    @property
    def slots(self) -> models.QuerySet[Slot]:
        """Those that it has now."""
        return _slots_of(*(getattr(self, name) for name in _PLACE))

    @cached_property
    def slot_ids(self) -> list[UUID]:
        """Their ids, by start; `with_slots()` brings them along."""
        return list(self.slots.values_list("pk", flat=True))

    @property
    def is_active(self) -> bool:
        return self.status in self.ACTIVE

    def has_place_at(self, doctor_id: UUID, start: datetime) -> bool:
        """Whether it is at this time already, and not just squeezed in."""
        is_placed = self.is_active and not (self.is_unplaced or self.is_overbooked)
        return is_placed and (self.doctor_id, self.start) == (doctor_id, start)

    @property
    def local_start(self) -> datetime:
        """The start on the clock it was booked on."""
        return self.start.astimezone(ZoneInfo(self.zone))

    @property
    def local_end(self) -> datetime:
        return self.end.astimezone(ZoneInfo(self.zone))

    def changes_close_at(self, clinic_cutoff: timedelta) -> datetime:
        """Until when patients may cancel or move it themselves."""
        own = self.service.cutoff_minutes
        return self.start - (clinic_cutoff if own is None else timedelta(minutes=own))

    def is_cancellable(self, now: datetime, clinic_cutoff: timedelta) -> bool:
        """Whether its patient may cancel or move it at `now`.

        If the clinic took its time away, there is no cut-off.
        """
        is_open = self.status == self.Status.BOOKED
        is_early = now <= self.changes_close_at(clinic_cutoff)
        return is_open and (is_early or self.is_unplaced)


class AppointmentChange(models.Model):
    """One line of an appointment's history. Rows are added, never changed."""

    class Kind(models.TextChoices):
        BOOKED = "booked", _("Booked")
        MOVED = "moved", _("Moved")
        CANCELLED = "cancelled", _("Cancelled")
        ARRIVED = "arrived", _("Arrived")
        COMPLETED = "completed", _("Completed")
        NO_SHOW = "no_show", _("Did not come")
        UNDONE = "undone", _("Undone")
        UNPLACED = "unplaced", _("Lost its time")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appointment = models.ForeignKey(
        Appointment,
        on_delete=models.PROTECT,
        related_name="history",
        db_index=False,  # `change_once` opens with it
        db_constraint=False,  # visits are never deleted
    )
    kind = models.CharField(_("what"), max_length=10, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
        db_index=False,  # accounts are closed, not deleted
        db_constraint=False,
    )
    via = models.CharField(_("through"), max_length=8, choices=Appointment.Via)
    reason = models.CharField(_("why"), max_length=500, blank=True)
    # Version after the change: also the SEQUENCE of the calendar file (RFC 5545).
    version = models.PositiveIntegerField(_("version"))
    start = models.DateTimeField(_("start after the change"))
    end = models.DateTimeField(_("end after the change"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("history")
        ordering = ("appointment", "version")
        constraints = (
            models.UniqueConstraint(
                fields=["appointment", "version"], name="change_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}Z"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            message = "History is append-only."
            raise TypeError(message)
        super().save(*args, **kwargs)


class Hold(models.Model):
    """Keeps a time for one browser (or partner) while details are typed.

    The token is a secret; only its hash is stored. A hold that was used points at its
    appointment, so that sending the form twice shows the same booking.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    first_slot = models.ForeignKey(
        "bookings.Slot", on_delete=models.CASCADE, related_name="+"
    )
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, null=True, related_name="+"
    )
    holder = models.CharField(max_length=64, db_index=True)
    address = models.CharField(max_length=64, blank=True)  # hashed, for the cap
    expires_at = models.DateTimeField(db_index=True)
    released_at = models.DateTimeField(null=True)
    renewals = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        indexes = (models.Index(fields=["address", "expires_at"]),)
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.first_slot_id} {self.expires_at:%Y-%m-%dT%H:%M:%SZ}"

    def is_live(self, now: datetime) -> bool:
        """Whether it still keeps its time at `now`."""
        return (
            self.released_at is None
            and self.appointment_id is None
            and self.expires_at > now
        )
