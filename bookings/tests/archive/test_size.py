"""A large clinic's archive takes time, not memory. ARCHIVE_VISITS=10000 tries it."""

import os
import sys
import tempfile
import time
import zipfile

import pytest
from django.core.management import call_command
from django.db import connection

from bookings.models import Appointment
from bookings.tests import make
from bookings.tests.archive.test_round_trip import delete, rows
from bookings.tests.processes import start_python
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic

VISITS = int(os.environ.get("ARCHIVE_VISITS", "0"))

_PEAK = """
from pathlib import Path
from django.core.management import call_command
call_command({arguments})
# Not getrusage: its peak is the parent's too.
print("PEAK", Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
# Each visit with its patient, slot and history; a day of them for a doctor each.
_FILL = """
    WITH numbered AS (
        SELECT n, timestamptz '2027-01-01 08:00Z' + n * interval '20 minutes' AS start,
            gen_random_uuid() AS patient, gen_random_uuid() AS visit
        FROM generate_series(%(first)s, %(last)s) AS n),
    people AS (INSERT INTO bookings_patient
        (id, name, email, phone, language, created_at)
        SELECT patient, 'Zoë ' || n || ' 🦷 "quoted"', n || '@mail.example', '', 'de', now()
        FROM numbered),
    visits AS (INSERT INTO bookings_appointment
        (id, reference, doctor_id, service_id, location_id, patient_id, start, "end",
         occupied, wall_start, zone, fold, original_slots, status, version, booked_via,
         language, reason, is_overbooked, is_unplaced, created_at)
        SELECT visit, 'R' || n, %(doctor)s, %(service)s, %(location)s, patient, start,
            start + interval '20 minutes',
            tstzrange(start, start + interval '20 minutes'), '2027-01-01T08:00',
            'Europe/Berlin', 0, '{}', 'booked', 1, 'page', '', repeat('why ', 50),
            false, false, now() FROM numbered),
    history AS (INSERT INTO bookings_appointmentchange
        (id, appointment_id, kind, via, reason, version, start, "end", at)
        SELECT gen_random_uuid(), visit, 'booked', 'page', '', 1, start,
            start + interval '20 minutes', now() FROM numbered)
    INSERT INTO bookings_slot
        (id, doctor_id, location_id, start, "end", day, appointment_id, blocked_by,
         block_note, staff_only, new_patients_only, version)
        SELECT gen_random_uuid(), %(doctor)s, %(location)s, start,
            start + interval '20 minutes', start::date, visit, '', '', false, false, 1
        FROM numbered
"""


@pytest.mark.skipif(not VISITS, reason="slow: ARCHIVE_VISITS=10000")
def test_memory_stays_flat(empty_willow, tmp_path):
    small, large, again = (tmp_path / f"{name}.zip" for name in ("s", "l", "a"))
    with clinic_context(empty_willow):
        doctor = make.doctor()
    grow(empty_willow, doctor, 1, VISITS // 10)
    peaks = [peak("export_clinic", "willow-park", "--to", str(small))]
    grow(empty_willow, doctor, VISITS // 10 + 1, VISITS)
    peaks.append(peak("export_clinic", "willow-park", "--to", str(large)))
    delete(empty_willow)
    for file in (small, large):
        peaks.append(peak("import_clinic", str(file)))
        with platform_context():
            clinic = Clinic.objects.get(pk=empty_willow.pk)
        if file == small:
            delete(clinic)
    with clinic_context(clinic):
        assert Appointment.objects.count() == VISITS
    call_command("export_clinic", "willow-park", "--to", str(again))

    sys.stderr.write(f"peaks of memory, KiB: {peaks}; {large.stat().st_size} bytes\n")
    assert peaks[1] - peaks[0] < 8_000
    assert peaks[3] - peaks[2] < 8_000
    with zipfile.ZipFile(large) as one, zipfile.ZipFile(again) as other:
        assert rows({name: one.read(name) for name in one.namelist()}) == rows(
            {name: other.read(name) for name in other.namelist()}
        )


def grow(clinic, doctor, first, last):
    values = {"doctor": doctor.pk, "service": doctor.default_service_id}
    values |= {"location": doctor.location_id, "first": first, "last": last}
    with clinic_context(clinic), connection.cursor() as cursor:
        cursor.execute(_FILL, values)


def peak(*arguments: str) -> int:
    """Run a command in a process of its own; return the most memory it had, in KiB."""
    code = _PEAK.format(arguments=", ".join(map(repr, arguments)))
    started = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = start_python(["manage.py", "shell", "-c", code], {}, log=log)
        process.wait(600)
        log.seek(0)
        said = log.read().decode()
    sys.stderr.write(f"{arguments[0]}: {time.monotonic() - started:.1f} s\n{said}")
    return int(said.rpartition("PEAK ")[2])
