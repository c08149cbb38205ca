"""The embedded servers through `manage.py services`: started, killed, started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import environ
import psycopg
import pytest
import redis

from config import embedded
from config.embedded.home import Account
from config.tests.running import Running, manage, running, temporary_var_dir

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc"),
    pytest.mark.xdist_group("processes"),
]
SERVICES = manage("services", "--print-env")


@pytest.fixture
def var_dir() -> Iterator[Path]:
    with temporary_var_dir() as folder:
        yield folder


@pytest.fixture(scope="module")
def used_var_dir() -> Iterator[Path]:
    """A folder that many tests of this module start servers in, one after another."""
    with temporary_var_dir() as folder:
        yield folder


def test_starts_in_an_empty_folder_and_prints_where(var_dir: Path):
    with running(SERVICES, var_dir) as services:
        services.wait_for_output("REDIS_URL=")
        printed = dict(line.split("=", 1) for line in services.output.splitlines())
    assert printed == embedded.urls(var_dir)


def test_next_start_keeps_the_data(used_var_dir: Path):
    with running(SERVICES, used_var_dir) as services:
        before = _write_everywhere(services)
    with running(SERVICES, used_var_dir) as services:
        services.wait_for_output("REDIS_URL=")
        assert _count_everywhere(used_var_dir) == before


@pytest.mark.parametrize("server", ["postgres", "valkey-server"])
def test_a_killed_server_is_back_with_its_data(used_var_dir: Path, server: str):
    with running(SERVICES, used_var_dir) as services:
        before = _write_everywhere(services)
        time.sleep(1.1)  # Valkey's append-only file is synced once a second
        services.kill_child(server)
        services.wait_until(lambda: _count_everywhere(used_var_dir) == before)
        assert "was ended by SIGKILL; starting it again" in services.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_and_leaves_nothing(
    used_var_dir: Path, number: signal.Signals
):
    with running(SERVICES, used_var_dir) as services:
        services.wait_for_output("REDIS_URL=")
        assert services.stop(number) == 0
        assert services.traces() == []


def test_servers_end_when_their_supervisor_is_killed(used_var_dir: Path):
    with running(SERVICES, used_var_dir) as services:
        before = _write_everywhere(services)
        services.stop(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while services.processes():
        assert time.monotonic() < deadline, services.processes()
        time.sleep(0.02)
    with running(SERVICES, used_var_dir) as services:
        services.wait_for_output("REDIS_URL=")
        assert _count_everywhere(used_var_dir) == before
        services.stop()
        assert services.traces() == []


def test_a_second_one_says_who_is_first(used_var_dir: Path):
    with running(SERVICES, used_var_dir) as first:
        first.wait_for_output("REDIS_URL=")
        with pytest.raises(subprocess.CalledProcessError) as refusal:
            subprocess.run(
                SERVICES,
                env={**os.environ, "VAR_DIR": str(used_var_dir)},
                capture_output=True,
                text=True,
                check=True,
            )
    lines = refusal.value.stderr.splitlines()
    assert len(lines) == 1
    assert f"already run by process {first.process.pid}" in lines[0]


def test_a_stranger_with_the_number_of_a_dead_server_is_no_hindrance(
    used_var_dir: Path,
):
    with running(SERVICES, used_var_dir) as services:
        before = _write_everywhere(services)
    stranger = subprocess.Popen(["sleep", "60"])
    pid_file = used_var_dir / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{stranger.pid}\n{pid_file.parent}\n")
    with running(SERVICES, used_var_dir) as services:
        services.wait_for_output("REDIS_URL=")
        assert _count_everywhere(used_var_dir) == before
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_long_path_gets_its_sockets_elsewhere():
    deep = Path("/tmp") / ("x" * 120)
    assert len(str(embedded.find_home(deep).sockets)) < 60
    assert embedded.find_home(deep).sockets != embedded.find_home(deep / "y").sockets


def test_urls_survive_spaces_and_other_signs():
    folder = Path("/tmp/a b+c%20é")
    parsed = environ.Env().db_url_config(embedded.urls(folder)["DATABASE_URL"])
    assert parsed["OPTIONS"]["host"] == str(folder / "run")
    assert parsed["USER"] == parsed["NAME"] == "slotwell"
    pool = redis.ConnectionPool.from_url(embedded.urls(folder)["REDIS_URL"])
    assert pool.connection_kwargs["path"] == str(folder / "run" / "valkey.sock")


def test_an_account_is_barred_by_one_closed_folder(tmp_path: Path):
    (tmp_path / "closed" / "inner").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    (tmp_path / "open").mkdir(mode=0o755)
    mine = tmp_path.stat()
    assert Account(mine.st_uid, mine.st_gid).can_enter(tmp_path / "closed" / "inner")
    stranger = Account(mine.st_uid + 1, mine.st_gid + 1)
    assert not stranger.can_enter(tmp_path / "closed" / "inner")


def _write_everywhere(services: Running) -> tuple[int, int]:
    """Add one row and one count, and return how many there are now."""
    services.wait_for_output("REDIS_URL=")
    with _database(services.var_dir) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS marks (at timestamptz)")
        connection.execute("INSERT INTO marks VALUES (now())")
    with _valkey(services.var_dir) as client:
        client.incr("marks")
    return _count_everywhere(services.var_dir)


def _count_everywhere(var_dir: Path) -> tuple[int, int]:
    """Return both counts; (-1, -1) while a server is away."""
    try:
        with _database(var_dir) as connection, _valkey(var_dir) as client:
            row = connection.execute("SELECT count(*) FROM marks").fetchone()
            return (row[0] if row else -1, int(client.get("marks") or 0))
    except (psycopg.OperationalError, redis.ConnectionError):
        return -1, -1


def _database(var_dir: Path) -> "psycopg.Connection[tuple[int, ...]]":
    return psycopg.connect(embedded.urls(var_dir)["DATABASE_URL"])  # libpq reads it


def _valkey(var_dir: Path) -> redis.Redis:
    return redis.Redis.from_url(
        embedded.urls(var_dir)["REDIS_URL"], decode_responses=True
    )
