"""The rival: the small Express and Prisma app that the product was started from.

RIVAL names its folder. Rows that need it are left out when it is not there.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import jwt
import psycopg

from benchmarks.processes import free_port, wait_for_listeners
from benchmarks.rows import Row
from benchmarks.web import Serving, kept_running

_SECRET = "bench-secret-bench-secret-bench-secret"  # noqa: S105 (its own default)
# It has 50 doctors; 20 slots a day of each, from 2030-01-01, numbered through by time.
TOKEN = jwt.encode({"user_id": 1}, _SECRET, algorithm="HS256")
DOCTORS = 50
BODY = '{{"slotId":{}}}'
LEFT_OUT = Row("the rival", 0, "", "left out: RIVAL does not name its folder")
_slots = iter(range(1, 600_000))


def is_there() -> bool:
    """Whether RIVAL names a folder with its program."""
    return (Path(os.environ.get("RIVAL", "-")) / "server.js").is_file()


def next_slots(count: int) -> list[int]:
    """Take slots that nobody has booked."""
    return [next(_slots) for _ in range(count)]


@contextmanager
def rival(*, plain_pg: bool = False) -> Iterator[Serving]:
    """Run it on the benchmark's own servers.

    Args:
        plain_pg: without Prisma, which is harder to beat.
    """
    folder = _installed()
    port = free_port()
    env = {
        "DATABASE_URL": database(),
        "PORT": str(port),
        "JWT_SECRET": _SECRET,
        "NODE_ENV": "production",
    }
    if plain_pg:
        env["USE_PG"] = "1"
    with kept_running([["node", "server.js"]], env, folder) as pids:
        wait_for_listeners(port, 1)
        yield Serving(port, pids)


@cache
def _installed() -> Path:
    """Copy it into the temporary folder, which goes with the servers."""
    source = Path(os.environ["RIVAL"])
    folder = Path(os.environ["VAR_DIR"]) / "rival"
    shutil.copytree(source, folder, symlinks=True)
    if not (folder / "node_modules").is_dir():
        _run(folder, "npm", "install", "--ignore-scripts")
    _run(folder, "npx", "prisma", "generate")
    return folder


def _run(folder: Path, *words: str) -> None:
    # At run time it needs no engine, so none is fetched.
    env = {**os.environ, "PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true"}
    subprocess.run(  # noqa: S603 (the words are ours)
        words, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL
    )


@cache
def database() -> str:
    """Make its database beside ours, and return its URL."""
    url = database_beside("seed")
    statements = (_installed() / "data.sql").read_text().split(";\n")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in filter(str.strip, statements):
            connection.execute(statement.encode())
    return url


def database_beside(name: str) -> str:
    """Make an empty database in the benchmark's PostgreSQL, and return its URL."""
    ours = os.environ["DATABASE_URL"]
    with psycopg.connect(ours, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return urlunsplit(urlsplit(ours)._replace(path=f"/{name}"))
