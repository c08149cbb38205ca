"""What is in an archive, and what must never be."""

import csv
import io
import json
import stat
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from icalendar import Calendar

from bookings.interop.archive import sheets, written
from bookings.interop.archive.tables import tables
from bookings.models import Patient
from bookings.tests import make
from bookings.tests.archive.awkward import NAMES, REASON
from bookings.tests.archive.test_round_trip import export
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic

CANARY = "Canary of harbor"


_exported: dict[str, bytes] = {}  # once for all of these tests: they only read it


@pytest.fixture
def files(request, committed, file):
    """What is in willow's archive, while harbor has data too."""
    if not _exported:
        willow = request.getfixturevalue("willow")
        with platform_context():
            harbor = Clinic.objects.get(slug="harbor")
        with clinic_context(harbor):
            make.practice(tagline=CANARY)
            make.doctor(name=CANARY)
            make.patient(name=CANARY)
        _exported.update(export(willow, file))
    return dict(_exported)


def test_it_is_the_clinic_s_alone(files):
    assert not [name for name in files if CANARY.encode() in files[name]]
    assert {name.split("/")[0] for name in files} == {
        *("manifest.json", "README.txt"),
        *("data", "csv", "calendar", "media"),
    }
    said = json.loads(files["manifest.json"])
    assert said["clinic"]["slug"] == "willow-park"
    assert said["files"].keys() == files.keys() - {"manifest.json"}
    assert {"sessions.session", "bookings.keptanswer"} <= said["left_out"].keys()
    assert b"bookings.keptanswer" in files["README.txt"]


def test_every_table_of_a_clinic_is_in_it_or_left_out_for_a_reason(clinic):
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
    left_out = {"django_session", "django_migrations", "bookings_keptanswer"}
    assert {table.name for table in tables()} == there - left_out


def test_spreadsheets_show_all_and_run_nothing(files):
    text = files["csv/patients.csv"].decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert files["csv/patients.csv"].startswith("\ufeff".encode())
    names = [row["name"] for row in rows]
    assert set(map(sheets.defused, NAMES)) <= set(names)
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r\uff1d")]
    assert "'+441632960118" in {row["phone"] for row in rows}
    visits = files["csv/appointments.csv"].decode("utf-8-sig")
    starts = [row["start"] for row in csv.DictReader(io.StringIO(visits, newline=""))]
    twice = ["2027-10-31T02:30+02:00", "2027-10-31T02:30+01:00"]
    assert [each for each in starts if "10-31" in each] == twice


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        (" \u200b=1", "' \u200b=1"),
        ("\u202e=1", "'\u202e=1"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ("a=1", "a=1"),
        ("O'Neil", "O'Neil"),
        (None, ""),
        (0, "0"),
    ],
)
def test_a_cell_that_would_be_a_formula_is_text(text, cell):
    assert sheets.defused(text) == cell


def test_the_calendar_has_each_visit_once_and_no_patient(files):
    calendar = Calendar.from_ical(files["calendar/appointments.ics"])
    events = calendar.walk("VEVENT")
    lines = files["data/bookings.appointment.jsonl"].splitlines()
    visits = {each["id"]: each for each in map(json.loads, lines)}

    assert len(events) == 11
    assert {str(event["uid"]).partition("@")[0] for event in events} == visits.keys()
    text = files["calendar/appointments.ics"].decode().replace("\r\n ", "")
    assert not [name for name in NAMES[:4] if name in text]
    assert REASON.encode() in files["csv/appointments.csv"]
    assert REASON not in text
    [cancelled] = [each for each in visits.values() if each["status"] == "cancelled"]
    [ended] = [event for event in events if event["status"] == "CANCELLED"]
    assert str(ended["uid"]).startswith(cancelled["id"])


def test_it_is_one_instant_whatever_is_written_meanwhile(
    small_willow, file, monkeypatch
):
    def add_somebody():
        with clinic_context(small_willow):
            make.patient(name="Came too late")
        connection.close()

    def first_table_then_somebody(table):
        if table.label == "accounts.user":
            with ThreadPoolExecutor(1) as other:
                other.submit(add_somebody).result()
        yield from rows(table)

    rows = written._rows
    monkeypatch.setattr(written, "_rows", first_table_then_somebody)
    files = export(small_willow, file)

    assert not [name for name in files if b"Came too late" in files[name]]
    with clinic_context(small_willow):
        assert Patient.objects.filter(name="Came too late").exists()


def test_the_same_data_gives_the_same_bytes_which_nobody_else_may_read(
    small_willow, tmp_path
):
    first, second = (tmp_path / name for name in ("a.zip", "b.zip"))
    one, other = export(small_willow, first), export(small_willow, second)

    differing = {name for name in one if one[name] != other[name]}
    assert differing <= {"manifest.json", "README.txt"}  # when it was made
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert sorted(tmp_path.iterdir()) == [first, second]
    with zipfile.ZipFile(first) as archive:
        assert {each.date_time for each in archive.infolist()} == {
            (1980, 1, 1, 0, 0, 0)
        }
