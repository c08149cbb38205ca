"""An embedded PostgreSQL: one cluster in a folder, reached by a socket only."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from config.embedded.binaries import postgres_major, postgres_programs
from config.embedded.home import EmbeddedError, Home
from config.processes import spawn

NAME = "slotwell"  # of the database and of the role that owns it
_SOCKET = ".s.PGSQL.5432"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_FIRST_STATEMENTS = f"""\
CREATE ROLE {NAME} LOGIN CREATEDB;
CREATE DATABASE {NAME} OWNER {NAME};
"""


class PostgreSQL:
    """How to make, start and watch the cluster of one home."""

    name = "PostgreSQL"
    # "Fast" shutdown: SIGTERM would wait until every client has left by itself.
    stop_signal = signal.SIGINT

    def __init__(self, home: Home, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are added to, or replace, those the server is started with."""
        self.home = home
        self.data = home.root / "postgres"
        self.log = home.root / "postgres.log"
        self._settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{home.sockets}"',
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            # A transaction over many clinics touches hundreds of tables and indexes. From
            # this number a backend also derives how many of them it locks without asking
            # the table of locks that all share (64 by default).
            "max_locks_per_transaction": "512",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(settings or {}),
        }

    @staticmethod
    def url(home: Home) -> str:
        """Return the DATABASE_URL of a home's cluster."""
        # The form that libpq reads too, so that psql and pg_dump take it as it is.
        return f"postgres://{NAME}@/{NAME}?host={quote(str(home.sockets), safe='')}"

    def prepare(self) -> None:
        """Make the cluster unless it is there. Raises EmbeddedError."""
        self.home.set_aside(self.log)
        if not self.data.exists():
            self._make_cluster()
        major = (self.data / "PG_VERSION").read_text().strip()
        if major != postgres_major():
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {major}, which {postgres_major()} "
                "cannot read: dump it there and restore it here, or move it away."
            )

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the server, after what an earlier run left behind has gone."""
        self._end_leftovers()
        program = postgres_programs(self.home) / "postgres"
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        with self.log.open("ab") as log:
            return spawn(
                [program, "-D", str(self.data), *options],
                death_signal=self.stop_signal,
                env=_ENVIRONMENT,
                output=log,
                user=self.home.user,
                cwd=Path("/"),
                umask=0o077,
            )

    def is_ready(self) -> bool:
        """Whether the server takes connections.

        Its pid file says so, and its socket must agree: a dead server's file stays.
        """
        try:
            state = (self.data / "postmaster.pid").read_text().split()[-1]
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(self.home.sockets / _SOCKET))
        except (OSError, IndexError):
            return False
        return state == "ready"

    # Making a cluster -----------------------------------------------------------------

    def _make_cluster(self) -> None:
        """Make it beside its place and move it there when whole: never half a one."""
        unfinished = self.data.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        self.home.make_private(unfinished)
        programs = postgres_programs(self.home)
        # PostgreSQL's own Unicode rules: the same order on every system, and no index
        # broken by an update of the C library.
        locale = "--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C"
        access = "--username=postgres --auth-local=trust --auth-host=scram-sha-256"
        options = f"--encoding=UTF8 --data-checksums {locale} {access}".split()
        if self._settings.get("fsync") == "off":
            options.append("--no-sync")
        self._run([programs / "initdb", "-D", unfinished, *options])
        by_hand = ["--single", "-D", str(unfinished), "postgres"]
        self._run([programs / "postgres", *by_hand], _FIRST_STATEMENTS)
        unfinished.rename(self.data)

    def _run(self, argv: Sequence[str | Path], statements: str = "") -> None:
        account = self.home.account
        result = subprocess.run(  # noqa: S603 - the wheel's own programs
            [str(word) for word in argv],
            input=statements,
            capture_output=True,
            text=True,
            check=False,
            env=_ENVIRONMENT,
            cwd="/",
            umask=0o077,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if result.returncode or "ERROR:" in result.stderr:
            reason = (result.stderr.strip() or result.stdout.strip()).splitlines()
            raise EmbeddedError(
                f"{Path(argv[0]).name}: {reason[-1] if reason else '?'}"
            )

    # What a killed run leaves -----------------------------------------------------------

    def _end_leftovers(self, patience: float = 15.0) -> None:
        """Make the folder free: end an orphaned server, drop locks of a dead one.

        Raises EmbeddedError when its processes do not end within `patience` seconds.
        """
        owner = self._recorded_pid()
        deadline = time.monotonic() + patience
        if owner in (leftovers := _processes_in(self.data)):
            os.kill(owner, self.stop_signal)
        while leftovers := _processes_in(self.data):
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL of an earlier run lives on: {leftovers}"
                )
            time.sleep(0.02)
        if _is_taken(owner):
            # A zombie nobody reaps, or a stranger who got the number since: the server
            # would take either for its predecessor and refuse to start.
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            for name in (_SOCKET, f"{_SOCKET}.lock"):
                (self.home.sockets / name).unlink(missing_ok=True)

    def _recorded_pid(self) -> int:
        """Return the process that claims the folder, 0 for none."""
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0


def _processes_in(folder: Path) -> list[int]:
    """Return who works in this folder: a server and all its backends do (Linux)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:  # gone meanwhile, a zombie, or not ours to look at
            continue
    return found


def _is_taken(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
