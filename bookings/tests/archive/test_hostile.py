"""Archives that are damaged, of other versions, or made to do harm: refused, whole."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from bookings.tests.archive.test_round_trip import delete, export
from tenants.context import platform_context
from tenants.media import is_safe
from tenants.models import Clinic

Files = dict[str, bytes]
_exported: Files = {}  # once for all of these tests: they only read it
PATIENTS = "data/bookings.patient.jsonl"


@pytest.fixture
def files(request, committed, file) -> Files:
    """What an archive holds whose clinic is gone."""
    if not _exported:
        willow = request.getfixturevalue("willow")
        _exported.update(export(willow, file))
        delete(willow)
    return dict(_exported)


def pack(file: Path, files: Files, *, is_honest: bool = True) -> None:
    """Write an archive; an honest one has a manifest that fits."""
    said = json.loads(files["manifest.json"])
    if is_honest:
        contents = {name: files[name] for name in files if name != "manifest.json"}
        said["files"] = {
            name: {
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "rows": content.count(b"\n"),
            }
            for name, content in contents.items()
        }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            whole = json.dumps(said).encode() if name == "manifest.json" else content
            archive.writestr(name, whole)


def tell(files: Files, **facts: object) -> None:
    files["manifest.json"] = json.dumps(
        json.loads(files["manifest.json"]) | facts
    ).encode()


def flip(files: Files) -> None:
    content = files[PATIENTS]
    files[PATIENTS] = content[:40] + b"X" + content[41:]


def other_version(files: Files) -> None:
    tell(files, schema_version="0123456789abcdef")


def other_format(files: Files) -> None:
    tell(files, format_version=2)


def other_product(files: Files) -> None:
    tell(files, format="x")


def no_clinic(files: Files) -> None:
    tell(files, clinic={"id": 5})


def bad_zone(files: Files) -> None:
    about = json.loads(files["manifest.json"])["clinic"]
    tell(files, clinic=about | {"timezone": "../../etc/passwd"})


def reserved(files: Files) -> None:
    about = json.loads(files["manifest.json"])["clinic"]
    tell(files, clinic=about | {"slug": "admin"})


def one_more(files: Files) -> None:
    files["media/more.png"] = b"x"


def one_less(files: Files) -> None:
    del files[PATIENTS]


AS_NO_MANIFEST_SAYS: list[tuple[Callable[[Files], None], str]] = [
    (flip, "bookings.patient.jsonl in the archive is damaged"),
    (other_version, "schema version 0123456789abcdef, this code has"),
    (other_format, "format 2; this code reads format 1"),
    (other_product, "not the archive of a clinic"),
    (no_clinic, "manifest cannot be read"),
    (bad_zone, "time zone such as"),
    (reserved, "This address is reserved"),
    (one_more, "other files than its manifest says"),
    (one_less, "other files than its manifest says"),
]


def test_what_is_not_as_its_manifest_says_is_refused(files: Files, file: Path) -> None:
    for change, message in AS_NO_MANIFEST_SAYS:
        changed = dict(files)
        change(changed)
        pack(file, changed, is_honest=False)
        assert message in refusal(file)


def slip(files: Files) -> None:
    files["media/../../../slipped.txt"] = b"x"


def nul(files: Files) -> None:
    files[PATIENTS] = files[PATIENTS].replace(b"Guardian", b"Guard\\u0000")


def orphan(files: Files) -> None:
    """Appointments of doctors who are not there."""
    files["data/bookings.doctor.jsonl"] = b""


def no_history(files: Files) -> None:
    """Messages about changes that are not there."""
    files["data/bookings.appointmentchange.jsonl"] = b""


def elsewhere(files: Files) -> None:
    """Slots of visits that are at another time."""
    name = "data/bookings.slot.jsonl"
    slots = [json.loads(line) for line in files[name].splitlines()]
    [taken, *_] = [slot for slot in slots if slot["appointment_id"]]
    free = next(slot for slot in slots if not slot["appointment_id"])
    free["appointment_id"] = taken["appointment_id"]
    files[name] = b"".join(json.dumps(slot).encode() + b"\n" for slot in slots)


def overlap(files: Files) -> None:
    name = "data/bookings.appointment.jsonl"
    first, *rest = files[name].splitlines(keepends=True)
    again = json.loads(first) | {
        "id": "01890000-0000-7000-8000-000000000000",
        "reference": "AAAA-AAAA-AA",
    }
    files[name] = b"".join([first, json.dumps(again).encode() + b"\n", *rest])


def no_row(files: Files) -> None:
    files[PATIENTS] = b"[]\n"


def no_table(files: Files) -> None:
    del files[PATIENTS]


UNFIT: list[tuple[Callable[[Files], None], str]] = [
    (slip, "bad name: 'media/../../../slipped.txt'"),
    (nul, "bookings.patient.jsonl does not fit"),
    (orphan, "data does not fit: bookings_"),
    (no_history, "data does not fit: bookings_outboxmessage.change_id"),
    (elsewhere, "data does not fit: bookings_slot.start"),
    (overlap, "appointment.jsonl does not fit: appointment_doctor_once"),
    (no_row, "bookings.patient.jsonl does not fit"),
    (no_table, "other tables than this code has"),
]


def test_rows_that_do_not_fit_leave_nothing_behind(files: Files, file: Path) -> None:
    for change, message in UNFIT:
        changed = dict(files)
        change(changed)
        pack(file, changed)
        assert message in refusal(file)


def test_a_file_that_unpacks_to_more_than_it_says_is_not_unpacked(files, file):
    """The manifest and the zip both say a few bytes; the stream has a billion."""
    files["media/bomb.png"] = bytes(50_000_000)
    pack(file, files)
    said = file.read_bytes()
    size = (50_000_000).to_bytes(4, "little")
    assert said.count(size) == 2
    file.write_bytes(said.replace(size, (100).to_bytes(4, "little")))

    assert "damaged" in refusal(file)


def test_what_is_no_archive_is_said_to_be_none(committed, file):
    for content in (b"", b"PK\x05\x06", b"no zip at all"):
        file.write_bytes(content)
        assert "cannot be read as an archive" in refusal(file)


@pytest.mark.parametrize(
    "name",
    [
        *("", "/etc/passwd", "../x", "a/../b", "a//b", "a/./b", "a\\b", "C:x", "a/"),
        *("a\0b", "a\nb", "a\u202eb"),
    ],
)
def test_names_that_leave_their_folder_are_not_safe(name):
    assert not is_safe(name)
    assert is_safe("media/logo/lógo 🌿.png".replace(" ", "_"))


def refusal(file: Path) -> str:
    """Import it, see that nothing came of it, and return what was said."""
    with platform_context():
        before = _everything()
        with pytest.raises(CommandError) as refused:
            call_command("import_clinic", str(file))
        assert _everything() == before
    return str(refused.value)


def _everything() -> tuple[object, ...]:
    """All that an import could leave behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'c\\_%'")
        schemas = sorted(cursor.fetchall())
    media = Path(settings.MEDIA_ROOT)
    clinics = list(Clinic.objects.values_list("slug", flat=True))
    slipped = list(media.parent.rglob("slipped.txt"))
    return clinics, schemas, sorted(media.glob("*")), slipped
