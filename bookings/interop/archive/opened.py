"""Opens an archive that anybody may have made, and trusts nothing in it unchecked."""

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _

from bookings.interop.archive.errors import ArchiveError
from bookings.interop.archive.manifest import NAME, Entry, Manifest
from tenants.media import is_safe

LONGEST_MANIFEST = 64 << 20  # bytes
LONGEST_ROW = 64 << 20  # bytes
_CHUNK = 1 << 20  # bytes
_ENCRYPTED = 0x1


class Opened:
    """A checked archive: each file in it is named and measured by its manifest."""

    def __init__(self, source: ZipFile, manifest: Manifest) -> None:
        self._source = source
        self.manifest = manifest

    def names(self, folder: str) -> list[str]:
        """Return the names of the files below a folder, in order."""
        files = self.manifest.files
        return sorted(name for name in files if name.startswith(f"{folder}/"))

    def open(self, name: str) -> IO[bytes]:
        return self._source.open(name)

    def rows(self, name: str) -> Iterator[str]:
        """Return a file line by line.

        Raises:
            ArchiveError: a line is too long, or no UTF-8.
        """
        with self.open(name) as file:
            while line := file.readline(LONGEST_ROW):
                if not line.endswith(b"\n"):
                    raise ArchiveError(_damaged(name))
                try:
                    yield line[:-1].decode()
                except UnicodeDecodeError as error:
                    raise ArchiveError(_damaged(name)) from error


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open an archive and check all of it: names, sizes, sums.

    Raises:
        ArchiveError: it is no archive, or not as its manifest says.
    """
    try:
        source = ZipFile(path)
    except (OSError, BadZipFile, ValueError, NotImplementedError) as error:
        raise ArchiveError(_("This file cannot be read as an archive.")) from error
    with source:
        try:
            archive = Opened(source, _manifest_of(source))
            _check(source, archive.manifest)
        except (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as e:
            raise ArchiveError(_("The archive is damaged.")) from e
        yield archive


def _manifest_of(source: ZipFile) -> Manifest:
    found = [each for each in source.infolist() if each.filename == NAME]
    if len(found) != 1 or found[0].file_size > LONGEST_MANIFEST:
        raise ArchiveError(_("This is not the archive of a clinic."))
    with source.open(found[0]) as file:
        return Manifest.parse(file.read(LONGEST_MANIFEST))


def _check(source: ZipFile, manifest: Manifest) -> None:
    inside = [each.filename for each in source.infolist()]
    if sorted(inside) != sorted([NAME, *manifest.files]):
        raise ArchiveError(_("The archive holds other files than its manifest says."))
    for name in filter(lambda name: not is_safe(name), inside):
        raise ArchiveError(_("A file in the archive has a bad name: %r") % name[:80])
    for name, entry in manifest.files.items():
        about = source.getinfo(name)
        if about.flag_bits & _ENCRYPTED or about.file_size != entry.bytes:
            raise ArchiveError(_damaged(name))
        with source.open(about) as file:
            _check_sum(name, file, entry)


def _check_sum(name: str, file: IO[bytes], entry: Entry) -> None:
    """Read a file once. However much a bomb unpacks to, no more comes than it says."""
    digest, size = hashlib.sha256(), 0
    while part := file.read(_CHUNK):
        digest.update(part)
        size += len(part)
    if size != entry.bytes or digest.hexdigest() != entry.sha256:
        raise ArchiveError(_damaged(name))


def _damaged(name: str) -> str:
    return _("%(file)s in the archive is damaged.") % {"file": name[:120]}
