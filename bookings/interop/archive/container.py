"""A .zip that is written front to back, file by file, with nothing in it left to chance."""

import hashlib
from collections.abc import Iterable
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from bookings.interop.archive.manifest import Entry

_CHUNK = 1 << 20  # bytes
_STARTED = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # zip's own zero: when it was written is in the manifest


class Container:
    """Writes files into a zip and remembers what a manifest must say of them."""

    def __init__(self, target: ZipFile) -> None:
        self._target = target
        self.entries: dict[str, Entry] = {}

    def add_rows(self, name: str, rows: Iterable[bytes], *, apart: int = 0) -> None:
        """Write a file of rows; the first `apart` of them are not counted as such."""
        count, size, digest = -apart, 0, hashlib.sha256()
        with self._open(name) as file:
            for part in rows:
                file.write(part)
                digest.update(part)
                size += len(part)
                count += 1
        self.entries[name] = Entry(size, digest.hexdigest(), count)

    def add_file(self, name: str, source: IO[bytes], *, packed: bool = True) -> None:
        """Write a file's content as it is."""
        size, digest = 0, hashlib.sha256()
        with self._open(name, packed=packed) as file:
            while part := source.read(_CHUNK):
                file.write(part)
                digest.update(part)
                size += len(part)
        self.entries[name] = Entry(size, digest.hexdigest())

    def add_text(self, name: str, text: str) -> None:
        """Write a file that the manifest does not count, such as itself."""
        with self._open(name) as file:
            file.write(text.encode())

    def _open(self, name: str, *, packed: bool = True) -> IO[bytes]:
        about = ZipInfo(name, _STARTED)
        about.compress_type = ZIP_DEFLATED if packed else ZIP_STORED
        about.create_system = 3  # Unix, wherever it is written
        about.external_attr = 0o600 << 16
        return self._target.open(about, "w", force_zip64=True)
