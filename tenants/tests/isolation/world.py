"""Rows of every model of the clinics' apps, with a canary in each text.

Built for one clinic after the other with the same `Names`: the rows of two clinics are
equal in all that finds them, and differ in what they say.
"""

import hashlib
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from accounts.models import User
from bookings.models import (
    Appointment,
    AppointmentChange,
    Doctor,
    DoctorDay,
    Hold,
    Holiday,
    KeptAnswer,
    Location,
    OutboxMessage,
    Patient,
    Practice,
    Service,
    Slot,
    TimeOff,
    WorkingHours,
)
from tenants.context import clinic_context, current_clinic
from tenants.models import Clinic
from tenants.tests.isolation.names import HASHED, ROLES, SAME, Names, first_slot
from tenants.tests.isolation.rows import canary, drawing, save

LENGTH = timedelta(minutes=20)
PICTURE = b"RIFF\x00\x00\x00\x00WEBP"


def build(clinic: Clinic, names: Names = SAME) -> None:
    """Write all rows of a clinic."""
    with clinic_context(clinic):
        users = _users(names)
        doctor, service, place = _practice(names, users)
        patient = _patients(names, users)
        _calendar(names, doctor, place)
        visits = _visits(names, doctor, service, place, patient)
        _slots(names, doctor, service, place, visits[0])
        _traces(names, users["owner"], visits[0])
        _files()


def folder_of(clinic: Clinic) -> Path:
    """Where a clinic's files have to be."""
    return Path(settings.MEDIA_ROOT) / str(clinic.pk)


def _users(names: Names) -> dict[str, User]:
    return {
        role: save(
            User,
            pk=names.id(role),
            email=names.email(role),
            password=HASHED,
            role=role,
            language="en-gb",
        )
        for role in ROLES
    }


def _practice(names: Names, users: dict[str, User]) -> tuple[Doctor, Service, Location]:
    if names.salt == "":
        save(
            Practice,
            pk=1,
            notice_minutes=0,
            cutoff_minutes=60,
            phone="020 7946 0118",
            holiday_country="",
            holiday_region="",
            logo_svg=drawing(),
            logo="logo/canary.webp",
            setup_steps=[],
        )
    place = save(Location, pk=names.id("location"), timezone="Europe/London")
    service = save(
        Service,
        pk=names.id("service"),
        slug=names.slug("service"),
        duration_minutes=20,
        translations={"de": {"name": canary("translated")}},
    )
    doctor = save(
        Doctor,
        pk=names.id("doctor-row"),
        slug=names.slug("doctor"),
        languages=["en"],
        timezone="Europe/London",
        location=place,
        default_service=service,
        user=users["doctor"],
        portrait_svg=drawing(),
        translations={"de": {"bio": canary("translated")}},
    )
    doctor.services.through._base_manager.create(
        pk=names.number, doctor_id=doctor.pk, service_id=service.pk
    )
    return doctor, service, place


def _patients(names: Names, users: dict[str, User]) -> Patient:
    patient = save(
        Patient,
        pk=names.id("patient-row"),
        email=names.email("patient"),
        phone="+442079460118",
        user=users["patient"],
        language="en-gb",
    )
    save(
        Patient,
        pk=names.id("child"),
        email="",
        phone="",
        guardian=patient,
        language="",
    )
    return patient


def _calendar(names: Names, doctor: Doctor, place: Location) -> None:
    start = first_slot()
    save(
        WorkingHours,
        pk=names.id("hours"),
        doctor=doctor,
        location=place,
        weekday=start.weekday(),
        opens=time(9),
        closes=time(17),
    )
    save(
        TimeOff,
        pk=names.id("time-off"),
        doctor=doctor,
        start=start + timedelta(days=20),
        end=start + timedelta(days=21),
    )
    day = start.date() + timedelta(days=30 + names.offset)
    save(Holiday, pk=names.id("holiday"), day=day, calendar="")
    save(DoctorDay, pk=names.number, doctor=doctor, day=start.date(), revision=3)


def _visits(
    names: Names, doctor: Doctor, service: Service, place: Location, patient: Patient
) -> list[Appointment]:
    """One to come, one that is over, and one that has lost its time."""
    start = first_slot()
    made = []
    kinds: list[tuple[str, datetime, dict[str, Any]]] = [
        ("visit", start, {}),
        ("past", start - timedelta(days=14), {"status": "completed"}),
        ("lost", start + timedelta(hours=3), {"is_unplaced": True}),
    ]
    for number, (what, at, more) in enumerate(kinds):
        row = save(
            Appointment,
            pk=names.id(what),
            reference=names.reference(number),
            doctor=doctor,
            service=service,
            location=place,
            patient=patient,
            start=at,
            end=at + LENGTH,
            occupied=DateTimeTZRange(at, at + LENGTH),
            wall_start=f"{at:%Y-%m-%dT%H:%M}",
            zone="Europe/London",
            original_slots=[names.id("slot-booked")],
            booked_via="page",
            language="en-gb",
            **more,
        )
        save(
            AppointmentChange,
            pk=names.id(f"change-{what}"),
            appointment=row,
            kind="booked",
            via="page",
            version=1,
            start=at,
            end=at + LENGTH,
            at=timezone.now(),
        )
        made.append(row)
    save(
        OutboxMessage,
        pk=names.id("message"),
        change_id=names.id("change-visit"),
    )
    return made


def _slots(
    names: Names, doctor: Doctor, service: Service, place: Location, visit: Appointment
) -> None:
    """Four in a row: booked, held, free and blocked; then another free one."""
    start = first_slot()
    until = timezone.now() + timedelta(minutes=5)
    kinds: dict[str, dict[str, Any]] = {
        "slot-booked": {"appointment": visit},
        "slot-held": {},
        "slot-free": {},
        "slot-blocked": {"blocked_by": "desk"},
        "slot-later": {},
    }
    for number, (what, more) in enumerate(kinds.items()):
        at = start + number * LENGTH
        save(
            Slot,
            pk=names.id(what),
            doctor=doctor,
            location=place,
            start=at,
            end=at + LENGTH,
            day=at.date(),
            **{"blocked_by": ""} | more,
        )
    hold = save(
        Hold,
        pk=names.id("hold"),
        token_hash=hashlib.sha256(names.token("hold").encode()).hexdigest(),
        doctor=doctor,
        service=service,
        first_slot_id=names.id("slot-held"),
        holder="the same at both",
        address="",
        expires_at=until,
    )
    Slot.objects.filter(pk=names.id("slot-held")).update(hold=hold, held_until=until)


def _traces(names: Names, owner: User, visit: Appointment) -> None:
    """What is kept of requests and log-ins."""
    save(
        KeptAnswer,
        pk=names.number,
        caller="c" * 64,
        key=names.slug("key"),
        fingerprint="f" * 64,
        status=201,
        body={"patient": canary("answer")},
        created_at=timezone.now(),
    )
    kind = ContentType.objects.get_for_model(Appointment)
    save(
        LogEntry,
        pk=names.number,
        user=owner,
        content_type=kind,
        object_id=str(visit.pk),
        action_flag=2,
        change_message=canary("said in the log"),
    )
    group = save(Group, pk=names.number)
    # A key of its own: the sequences of two clinics drift apart.
    permission, _ = Permission.objects.get_or_create(
        pk=1_000_000,
        defaults={"content_type": kind, "codename": "canary", "name": canary("may")},
    )
    group.permissions.through._base_manager.create(
        pk=names.number, group_id=group.pk, permission_id=permission.pk
    )
    Session.objects.create(
        session_key=names.session_key("twin"),
        session_data=SessionStore().encode({"note": canary("session")}),
        expire_date=timezone.now() + timedelta(days=1),
    )


def _files() -> None:
    """The clinic's logo, where its storage has it."""
    folder = folder_of(current_clinic()) / "logo"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "canary.webp").write_bytes(PICTURE + canary("picture").encode())
