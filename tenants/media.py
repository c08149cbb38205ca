"""The clinic's own files, such as its logo: out of its folder, and into it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO
from uuid import UUID

from django.conf import settings

FOLDER = "media"


def folder_of(clinic_id: UUID) -> Path:
    """Return the folder below which a clinic's files are."""
    return Path(settings.MEDIA_ROOT) / str(clinic_id)


def files_of(clinic_id: UUID) -> Iterator[tuple[str, IO[bytes]]]:
    """Return each file, by its name in an archive; links are never followed."""
    root = folder_of(clinic_id)
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            try:
                opened = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
            except OSError:
                continue  # a link, or gone since
            yield f"{FOLDER}/{path.relative_to(root).as_posix()}", opened


def put(clinic_id: UUID, name: str, content: IO[bytes]) -> None:
    """Write one file of an archive into the clinic's folder.

    Raises:
        ValueError: the name is not safe.
    """
    if not is_safe(name):
        raise ValueError(name)
    path = folder_of(clinic_id).joinpath(*PurePosixPath(name).parts[1:])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(content, file)


def is_safe(name: str) -> bool:
    """Whether a name stays below the folder that it is unpacked in."""
    path = PurePosixPath(name)
    is_plain = name.isprintable() and not set(name) & set('\\:"*?<>|')
    is_canonical = str(path) == name and not path.is_absolute()
    return bool(name) and is_plain and is_canonical and ".." not in path.parts


def remove(clinic_id: UUID) -> None:
    """Delete all files of a clinic."""
    shutil.rmtree(folder_of(clinic_id), ignore_errors=True)
