"""Files that are there whole or not at all, and that nobody else may read."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that stands under `path` once this ends well.

    What a kill leaves has a name of its own, which ends in `.part`.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Somebody else may be writing the same.
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
