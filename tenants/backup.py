"""One clinic's backup: its schema as `pg_dump` writes it, its row, its files.

Unlike an export it is exact down to the schema's name, holds sessions too, and is of
use on this platform only; it may be older than the code, and is migrated afterwards.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from tenants import hosts, media, pgtools
from tenants.context import platform_context
from tenants.lifecycle import record
from tenants.locks import BusyError, only_one
from tenants.models import Clinic, ClinicEvent, Domain, Plan
from tenants.provisioning import ARRIVAL
from tenants.wholefiles import whole_file

FORMAT = "slotwell-backup 1"
_ABOUT, _DUMP = "clinic.json", "schema.dump"


class BackupError(Exception):
    """The backup cannot be made or restored; `str()` says why."""


def back_up(clinic: Clinic, path: Path, *, now: datetime) -> None:
    """Write a clinic's backup to `path`.

    Raises:
        BackupError: there is no `pg_dump` for the server, or it fails.
        OSError: the file cannot be written.
    """
    with platform_context(), _plainly(), whole_file(path) as file:
        tools = pgtools.fitting()
        about = _described(clinic, now)
        with ZipFile(file, "w", ZIP_STORED) as target:  # the dump is packed already
            with target.open(_DUMP, "w", force_zip64=True) as dump:
                tools.dump(clinic.schema_name, dump)
            for name, source in media.files_of(clinic.pk):
                with source, target.open(name, "w", force_zip64=True) as copy:
                    shutil.copyfileobj(source, copy)
            target.writestr(_ABOUT, json.dumps(about, indent=1, ensure_ascii=False))


def restore(
    path: Path, *, now: datetime, slug: str = "", replace: bool = False
) -> Clinic:
    """Bring a clinic back as it was when the backup was made, under its schema's name.

    The schema changes in one transaction. Everybody logs in anew. A clinic whose row
    was lost too gets it back; one whose row is there keeps it.

    Args:
        slug: another address, for a clinic whose row was lost.
        replace: a schema that is there is dropped.

    Raises:
        BackupError: the file is no backup, the schema is there, the address is taken.
    """
    with platform_context(), _plainly(), ZipFile(path) as source:
        about = _read(source)
        with only_one(ARRIVAL, wait=False):
            clinic = _row(about, slug, replace=replace)
            with tempfile.TemporaryFile() as dump:
                with source.open(_DUMP) as packed:
                    shutil.copyfileobj(packed, dump)
                dump.seek(0)
                pgtools.fitting().restore(clinic.schema_name, dump)
            _put_files(clinic, source)
            _settle(clinic, about, now)
    hosts.forget()
    return clinic


def _described(clinic: Clinic, now: datetime) -> dict[str, Any]:
    row = Clinic.objects.get(pk=clinic.pk)
    fields = [field for field in Clinic._meta.concrete_fields if field.name != "plan"]
    domains = Domain.objects.filter(tenant=row).order_by("domain")
    return {
        "format": FORMAT,
        "created_at": now.isoformat(),
        "id": str(row.pk),
        "schema_name": row.schema_name,
        "row": {field.attname: _text(field, row) for field in fields},
        "plan": row.plan.code if row.plan else None,
        "domains": [
            {
                "domain": each.domain,
                "is_primary": each.is_primary,
                "token": each.token,
                "verified_at": each.verified_at and each.verified_at.isoformat(),
            }
            for each in domains
        ],
    }


def _text(field: Any, row: Clinic) -> str | None:
    is_empty = getattr(row, field.attname) is None
    return None if is_empty else field.value_to_string(row)


def _read(source: ZipFile) -> dict[str, Any]:
    """Return what the backup says of its clinic."""
    try:
        about = json.loads(source.read(_ABOUT))
        UUID(about["id"])
        _parsed(about)
        is_known = about["format"] == FORMAT and _DUMP in source.namelist()
    except (KeyError, ValueError, TypeError, ValidationError) as error:
        raise BackupError(_no_backup()) from error
    if not is_known:
        raise BackupError(_no_backup())
    return dict(about)


def _parsed(about: dict[str, Any]) -> Clinic:
    """Return the clinic's row as it was. Columns that this code has not are left out."""
    row = about["row"]
    known = [field for field in Clinic._meta.concrete_fields if field.attname in row]
    values = {field.attname: field.to_python(row[field.attname]) for field in known}
    clinic = Clinic(**values)
    clinic.plan = Plan.objects.filter(code=about["plan"] or "").first()
    return clinic


def _row(about: dict[str, Any], slug: str, *, replace: bool) -> Clinic:
    """Return the clinic's row, made anew if it was lost, in a state that answers nowhere.

    Raises:
        BackupError: what is there must not be replaced.
    """
    found = Clinic.objects.filter(pk=about["id"]).first()
    if found and found.schema_name != about["schema_name"]:
        raise BackupError(_("This clinic has been imported since, from an export."))
    is_left = found is not None and found.status == Clinic.Status.CREATING
    if _has_schema(about["schema_name"]) and not (replace or is_left):
        raise BackupError(
            _("The clinic's data is here: --replace drops it for the backup's.")
        )
    if found:
        return found
    clinic = _parsed(about)
    clinic.slug, clinic.status = slug or clinic.slug, Clinic.Status.CREATING
    clinic.full_clean(validate_unique=False, validate_constraints=False)
    try:
        clinic.save(force_insert=True)
    except IntegrityError as error:
        message = _("The address %(slug)s is taken: give another by --slug.")
        raise BackupError(message % {"slug": clinic.slug}) from error
    return clinic


def _has_schema(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(quote_ident(%s))", [name])
        return cursor.fetchone()[0] is not None


def _put_files(clinic: Clinic, source: ZipFile) -> None:
    media.remove(clinic.pk)
    for name in source.namelist():
        if name.startswith(f"{media.FOLDER}/"):
            with source.open(name) as content:
                media.put(clinic.pk, name, content)


def _settle(clinic: Clinic, about: dict[str, Any], now: datetime) -> None:
    """Let the clinic's row say what its schema now is."""
    was = _parsed(about)
    with transaction.atomic():
        if clinic.status == Clinic.Status.CREATING:
            clinic.status, clinic.primary_domain = was.status, ""
            for each in about["domains"]:
                _put_domain(clinic, each)
        clinic.schema_version, clinic.migration_error = was.schema_version, ""
        clinic.tokens_since = now.replace(microsecond=0)
        clinic.save()
        note = _("backup of %(date)s") % {"date": about["created_at"]}
        record(clinic, ClinicEvent.Kind.IMPORTED, by="restore_clinic", note=note)


def _put_domain(clinic: Clinic, said: dict[str, Any]) -> None:
    """Give an own domain back, unless another clinic has it by now."""
    values = {
        "is_primary": said["is_primary"],
        "token": said["token"],
        "verified_at": parse_datetime(said["verified_at"] or ""),
    }
    try:
        with transaction.atomic():
            Domain.objects.create(tenant=clinic, domain=said["domain"], **values)
    except IntegrityError:
        return
    if said["is_primary"] and said["verified_at"]:
        clinic.primary_domain = said["domain"]


@contextmanager
def _plainly() -> Iterator[None]:
    """Say in plain words what is wrong with a file or this machine."""
    try:
        yield
    except pgtools.ToolError as error:
        raise BackupError(str(error)) from error
    except BusyError as error:
        raise BackupError(
            _("Another import is running. Try again when it is done.")
        ) from error
    except ValidationError as error:
        raise BackupError(" ".join(error.messages)) from error
    except BadZipFile as error:
        raise BackupError(_no_backup()) from error


def _no_backup() -> str:
    return _("This file is not a clinic's backup.")
