"""Data that is hard to write down and read back, in the current clinic."""

from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from django.core.files import File

from bookings.actions import appointments
from bookings.actions.overbooking import overbook
from bookings.actions.series import book_series
from bookings.models import Appointment, Holiday, Patient, Practice, TimeOff
from bookings.tests import make

PAGE, DESK = Appointment.Via.PAGE, Appointment.Via.DESK
REASON = "A private reason: headache"
PNG = b"\x89PNG\r\n\x1a\n\x00\xff not really one"
NAMES = [
    "Zoë 🦷 👩‍⚕️ O'Neil",
    "محمد بن سلمان",
    "שרה כהן",
    "Evil \u202egnp.exe",
    "Quote \" ' \\ \\n ` ; -- $$ {x} %s",
    "Line\nbreak\r\nand\ttab",
    "\\N",
    "\\.",
    "=cmd|'/C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1:A9)",
    "\uff1d1+1",
    "\t=1+1",
    "a;=1+1",
    "N" * 200,
]


def fill_a_little() -> None:
    """One visit, one file, and people named as nobody expects."""
    _practice()
    _people()
    appointments.book(
        slot_id=make.slots(make.doctor())[0].pk,
        patient=Patient.objects.earliest("pk"),
        by=None,
        via=PAGE,
    )


def fill() -> None:
    """Book, cancel, overbook and unplace; name people as nobody expects."""
    _practice()
    english = make.service(
        translations={"de": {"name": 'Ärztin "x"'}, "a": {"1": None}}
    )
    doctor = make.doctor(services=[english], timezone="Europe/Berlin", languages=["de"])
    make.hours(doctor, weekday=6, opens=time(22), closes=time(2))
    Holiday.objects.create(day=date(2027, 1, 1), name="Neujahr", calendar="DE")
    off = datetime(2027, 2, 1, 12, 0, 0, 123456, tzinfo=UTC)
    TimeOff.objects.create(start=off, end=off + timedelta(days=1), note="")
    owner = make.user(role="owner", email="second@willow.example", password=None)
    make.user(email="elif@mail.example", name="Elif")
    _people()
    _visits(doctor, owner)
    _around_the_clock_change(doctor)


def _practice() -> None:
    make.practice(
        tagline="Zähne\u0301 & more",
        brand_chroma="0.123",
        setup_steps=["hours", 'quo"ted', "comma,"],
        horizon_days=400,
        max_open_appointments=50,
    )
    practice = Practice.load()
    practice.logo.save("logo 🌿.png", File(BytesIO(PNG)))


def _people() -> None:
    for name in NAMES:
        make.patient(name=name, phone="+441632960118")
    guardian = make.patient(name="Guardian", date_of_birth=date(1900, 2, 28))
    make.patient(name="Child", email="", guardian=guardian)


def _visits(doctor: Any, owner: Any) -> None:
    free = make.slots(doctor, number=8)
    _kept, cancelled, _taken, lost = (
        appointments.book(
            slot_id=slot.pk,
            patient=person,
            by=None,
            via=PAGE,
            reason=REASON,
        )
        for slot, person in zip(free[:4], Patient.objects.order_by("pk"), strict=False)
    )
    appointments.cancel(
        appointment_id=cancelled.pk, by=owner, via=DESK, as_staff=True, reason="“sick”"
    )
    overbook(
        slot_id=free[2].pk, patient=make.patient(), by=owner, via=DESK, why="Fell; =1"
    )
    Appointment.objects.filter(pk=lost.pk).update(is_unplaced=True)


def _around_the_clock_change(doctor: Any) -> None:
    """A series over both of the year's changes, and the hour that comes twice."""
    first = make.next_week(doctor) + timedelta(days=1)
    days = [first + timedelta(weeks=12 * n) for n in range(4)]
    slots = [make.slots(doctor, start=make.at(doctor, day, time(9)))[0] for day in days]
    book_series(
        slot_id=slots[0].pk,
        times=4,
        every_weeks=12,
        patient=make.patient(),
        by=None,
        via=PAGE,
    )
    autumn = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    for slot in make.slots(doctor, start=autumn, number=2, minutes=60):
        appointments.book(
            slot_id=slot.pk, patient=make.patient(), by=None, via=DESK, as_staff=True
        )
