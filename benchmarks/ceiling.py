"""What PostgreSQL alone can do: the classic booking transaction, by pgbench."""

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import psycopg

from benchmarks.rival import database_beside

_CLIENTS = 32
_EACH = 1500  # slots of a client for a second, which is more than it books
_TABLES = (
    "DROP TABLE IF EXISTS appointment, slot",
    "CREATE TABLE slot(id int PRIMARY KEY, is_booked boolean NOT NULL DEFAULT false)",
    "CREATE TABLE appointment(id bigserial PRIMARY KEY, "
    "slot_id int NOT NULL UNIQUE REFERENCES slot, patient_id int NOT NULL)",
    "INSERT INTO slot SELECT generate_series(1, {slots})",
    "VACUUM ANALYZE slot",
)
_SCRIPT = """
\\set n :n + 1
\\set slot :client_id * :each + :n
BEGIN;
SELECT id, is_booked FROM slot WHERE id = :slot FOR UPDATE;
INSERT INTO appointment(slot_id, patient_id) VALUES (:slot, 1);
UPDATE slot SET is_booked = true WHERE id = :slot;
COMMIT;
"""


def has_pgbench() -> bool:
    return shutil.which("pgbench") is not None


def classic_rate(*, seconds: int) -> float:
    """Return the transactions a second of 32 clients, on tables of their own."""
    each = _EACH * seconds
    url = _database()
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _TABLES:
            connection.execute(statement.format(slots=_CLIENTS * each).encode())
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "classic.sql"
        script.write_text(_SCRIPT)
        said = subprocess.run(  # noqa: S603 (the words are ours)
            [
                *("pgbench", "-n", "-M", "prepared", f"-c{_CLIENTS}", "-j1"),
                *(f"-T{seconds}", "-Dn=0", f"-Deach={each}", "-f", str(script)),
                url,
            ],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        ).stdout
    found = re.search(r"tps = ([0-9.]+)", said)
    assert found, said  # noqa: S101 (it says so, or has failed)
    return float(found[1])


@cache
def _database() -> str:
    return database_beside("ceiling")
