"""The published times of doctors: what patients choose from."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import connection, models
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from bookings.availability import Reason, SlotFacts
from bookings.models.practice import Doctor, Location
from bookings.models.quickly import partly_known


class SlotQuerySet(models.QuerySet["Slot"]):
    def between(self, start: datetime, end: datetime) -> Self:
        """Slots that start in `[start, end)`, in order."""
        return self.filter(start__gte=start, start__lt=end).order_by("start", "id")

    def with_status(self, status: str, now: datetime) -> Self:
        """Those whose status is `status` at the instant `now`."""
        held = models.Q(held_until__gt=now)
        open_ = models.Q(appointment=None, blocked_by="")
        return self.filter(
            {
                Slot.Status.BOOKED: models.Q(appointment__isnull=False),
                Slot.Status.BLOCKED: models.Q(appointment=None)
                & ~models.Q(blocked_by=""),
                Slot.Status.HELD: open_ & held,
                Slot.Status.FREE: open_ & ~held,
            }[Slot.Status(status)]
        )

    def quickly(self) -> list["Slot"]:
        """Read all, without the model's constructor: a page judges hundreds."""
        columns = [field.attname for field in self.model._meta.concrete_fields]
        rows = self.values_list(*columns)
        return [partly_known(self.model, columns, values) for values in rows]

    def write(self, slots: Sequence["Slot"], fields: Iterable[str]) -> None:
        """Save some columns of many slots in one statement.

        `bulk_update` writes a CASE per row and column: minutes for a year of slots.
        """
        columns, types, quoted = self._arrays(["id", *fields])
        news = ", ".join(f"{name} = new.{name}" for name in quoted[1:])
        statement = (
            f"UPDATE bookings_slot SET {news} "  # noqa: S608 (names of our own columns)
            f"FROM unnest({types}) AS new ({', '.join(quoted)}) "
            "WHERE bookings_slot.id = new.id"
        )
        values = [[getattr(slot, c.attname) for slot in slots] for c in columns]
        if slots:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)

    def add(self, rows: Sequence[dict[str, Any]]) -> int:
        """Insert new, free slots in one statement; returns how many there were not yet.

        `bulk_create` builds an object and eleven parameters for each: twice the time.
        """
        if not rows:
            return 0
        _, types, quoted = self._arrays(rows[0])
        statement = (
            f"INSERT INTO bookings_slot ({', '.join(quoted)}, "  # noqa: S608 (our own columns)
            "version, blocked_by, block_note) "
            f"SELECT *, 1, '', '' FROM unnest({types}) ON CONFLICT DO NOTHING"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [[row[n] for row in rows] for n in rows[0]])
            return int(cursor.rowcount)

    def _arrays(self, names: Iterable[str]) -> tuple[list[Any], str, list[str]]:
        """Return the fields, a parameter for each as an array, their quoted columns."""
        columns: list[Any] = [self.model._meta.get_field(name) for name in names]
        types = [f"%s::{column.db_type(connection)}[]" for column in columns]
        return columns, ", ".join(types), [f'"{each.column}"' for each in columns]


class Slot(models.Model):
    """A published time of a doctor (FHIR Slot). Withdrawn by blocking, never deleted.

    Its status is not a column: it follows from appointment, block and hold, judged at
    an instant, so that no two columns can disagree.
    """

    class Status(models.TextChoices):
        FREE = "free", _("Free")
        HELD = "held", _("On hold")
        BOOKED = "booked", _("Taken")
        BLOCKED = "blocked", _("Blocked")

    class BlockedBy(models.TextChoices):
        """Publishing gives back only what publishing has withdrawn."""

        DESK = "desk", _("Staff")
        HOURS = "hours", _("Outside working hours")
        TIME_OFF = "time_off", _("Time off or holiday")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    doctor = models.ForeignKey(
        Doctor,
        on_delete=models.PROTECT,
        related_name="slots",
        verbose_name=_("doctor"),
        db_index=False,  # `slot_once` opens with it
    )
    location = models.ForeignKey(
        Location,
        on_delete=models.PROTECT,
        verbose_name=_("location"),
        db_index=False,  # asked for only when a location is to be deleted
    )
    start = models.DateTimeField(_("start"))
    end = models.DateTimeField(_("end"))
    # The calendar day in the doctor's zone when published: whose revision it bumps.
    day = models.DateField(_("day"))
    appointment = models.ForeignKey(
        "bookings.Appointment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",  # `Appointment.slots` says what is found how
        verbose_name=_("appointment"),
        db_index=False,
        db_constraint=False,  # visits are never deleted
    )
    hold = models.ForeignKey(
        "bookings.Hold",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="slots",
        verbose_name=_("hold"),
        db_index=False,
    )
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)
    blocked_by = models.CharField(
        _("blocked by"), max_length=8, choices=BlockedBy, blank=True
    )
    block_note = models.CharField(_("why blocked"), max_length=120, blank=True)
    staff_only = models.BooleanField(_("staff only"), default=False)
    new_patients_only = models.BooleanField(_("new patients only"), default=False)
    version = models.PositiveIntegerField(_("version"), default=1)

    objects: ClassVar[models.Manager["Slot"]] = SlotQuerySet.as_manager()

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ("start", "id")
        constraints = (
            models.UniqueConstraint(fields=["doctor", "start"], name="slot_once"),
            models.CheckConstraint(
                condition=models.Q(start__lt=models.F("end")), name="slot_has_length"
            ),
        )
        indexes = (
            models.Index(fields=["doctor", "day"]),
            models.Index(fields=["start", "id"]),
            models.Index(
                fields=["held_until"],
                condition=models.Q(held_until__isnull=False),
                name="slot_held",
            ),
            models.Index(
                fields=["hold"],
                condition=models.Q(hold__isnull=False),
                name="slot_of_hold",
            ),
        )

    def __str__(self) -> str:
        local = self.start.astimezone(self.doctor.zone)
        return f"{self.doctor}, {local:%Y-%m-%d %H:%M %Z}"

    @property
    def is_out(self) -> bool:
        """Whether it is out of the calendar. A booked one may be marked for it only."""
        return bool(self.blocked_by) and self.appointment_id is None

    def status_at(self, now: datetime) -> "Slot.Status":
        if self.appointment_id:
            return self.Status.BOOKED
        if self.blocked_by:
            return self.Status.BLOCKED
        if self.held_until and self.held_until > now:
            return self.Status.HELD
        return self.Status.FREE

    def version_at(self, now: datetime) -> int:
        """The version seen at `now`: a hold that has run out counts as a change.

        The worker (or the next writer) makes that change durable; see DECISIONS 7.
        """
        has_lapsed = self.held_until is not None and self.held_until <= now
        return self.version + has_lapsed

    def facts(
        self, *, my_hold: object = None, my_appointment: object = None
    ) -> SlotFacts["object"]:
        """What the calculator must know, for whoever has this hold or appointment."""
        taken_by = self.appointment_id
        return SlotFacts(
            id=self.id,
            start=self.start,
            end=self.end,
            taken=taken_by is not None and taken_by != my_appointment,
            blocked=_REASONS[Slot.BlockedBy(self.blocked_by)]
            if self.blocked_by
            else None,
            staff_only=self.staff_only,
            new_patients_only=self.new_patients_only,
            held_until=self.held_until,
            held_by_me=my_hold is not None and self.hold_id == my_hold,
        )


_REASONS = {
    Slot.BlockedBy.DESK: Reason.BLOCKED,
    Slot.BlockedBy.HOURS: Reason.OUTSIDE_HOURS,
    Slot.BlockedBy.TIME_OFF: Reason.TIME_OFF,
}


class DoctorDay(models.Model):
    """A counter per doctor and day (in the doctor's zone): grows with every change.

    ETags, the day's cache and the live heartbeat use it. Updated last in a transaction,
    and locked there, so rules that span slots are re-checked one booking at a time.
    """

    doctor = models.ForeignKey(
        Doctor,
        on_delete=models.CASCADE,
        related_name="days",
        db_index=False,  # `doctor_day_once` opens with it
    )
    day = models.DateField()
    revision = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("doctor's day")
        verbose_name_plural = _("doctors' days")
        constraints = (
            models.UniqueConstraint(fields=["doctor", "day"], name="doctor_day_once"),
        )

    def __str__(self) -> str:
        return f"{self.doctor_id} {self.day} r{self.revision}"
