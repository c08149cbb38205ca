"""The archive's own description: `manifest.json`."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from bookings.interop.archive.errors import ArchiveError
from bookings.interop.archive.tables import LEFT_OUT
from tenants.context import current_clinic

NAME = "manifest.json"
FORMAT = "slotwell-clinic"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One file of the archive, as it must be found."""

    bytes: int
    sha256: str
    rows: int | None = None


@dataclass(frozen=True)
class About:
    """The clinic, as the platform knows it."""

    id: str
    slug: str
    name: str
    timezone: str
    status: str
    plan: str | None
    created_at: str
    trial_ends_at: str | None

    @classmethod
    def current_clinic(cls) -> Self:
        clinic = current_clinic()
        ends_at = clinic.trial_ends_at
        return cls(
            id=str(clinic.pk),
            slug=clinic.slug,
            name=clinic.name,
            timezone=clinic.timezone,
            status=clinic.status,
            plan=clinic.plan.code if clinic.plan else None,
            created_at=clinic.created_at.isoformat(),
            trial_ends_at=ends_at.isoformat() if ends_at else None,
        )


@dataclass(frozen=True)
class Manifest:
    clinic: About
    schema_version: str
    created_at: str
    files: Mapping[str, Entry] = field(default_factory=dict)

    def text(self) -> str:
        said = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "product_version": _product_version(),
            "schema_version": self.schema_version,
            "created_at": self.created_at,
            "clinic": asdict(self.clinic),
            "left_out": LEFT_OUT,
            "files": {name: _said(self.files[name]) for name in sorted(self.files)},
        }
        return json.dumps(said, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read a manifest that anybody may have written.

        Raises:
            ArchiveError: it is none, or of a format that this code does not know.
        """
        try:
            said = json.loads(text)
            if said["format"] != FORMAT:
                raise ArchiveError(_("This is not the archive of a clinic."))
            if said["format_version"] != FORMAT_VERSION:
                raise ArchiveError(_other_format(said["format_version"]))
            return cls(
                clinic=_about(said["clinic"]),
                schema_version=str(said["schema_version"]),
                created_at=str(said["created_at"]),
                files={name: _entry(each) for name, each in said["files"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            raise ArchiveError(_("The archive's manifest cannot be read.")) from e


def instant(text: str | None) -> datetime | None:
    """Read an instant that the manifest says."""
    return parse_datetime(text) if text else None


def _about(said: dict[str, Any]) -> About:
    about = About(**said)
    UUID(about.id)
    texts = (about.slug, about.name, about.timezone, about.status, about.created_at)
    optional = (about.plan, about.trial_ends_at)
    if not all(isinstance(each, str) for each in texts):
        raise TypeError
    if not all(each is None or isinstance(each, str) for each in optional):
        raise TypeError
    for each in (about.created_at, about.trial_ends_at):
        if each and (moment := instant(each)) is not None and moment.tzinfo is None:
            raise ValueError
    if instant(about.created_at) is None:
        raise ValueError
    return about


def _entry(said: dict[str, Any]) -> Entry:
    entry = Entry(**said)
    if int(entry.bytes) < 0 or len(str(entry.sha256)) != 64:
        raise ValueError
    return entry


def _said(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in asdict(entry).items() if value is not None}


def _other_format(version: object) -> str:
    return _("The archive has format %(theirs)s; this code reads format %(ours)s.") % {
        "theirs": str(version)[:20],
        "ours": FORMAT_VERSION,
    }


def _product_version() -> str:
    about = (settings.BASE_DIR / "pyproject.toml").read_text()
    return str(tomllib.loads(about)["project"]["version"])
