"""`manage.py up` as a whole: started, wounded, stopped, started again."""

import http.client
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import embedded
from config.tests.running import Running, manage, running, temporary_var_dir

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc"),
    pytest.mark.xdist_group("processes"),
]
UP = manage("up")
READY = "Slotwell is ready"


@pytest.fixture(scope="module")
def var_dir() -> Iterator[Path]:
    """One folder for all: only the first test that starts in it waits for the seed."""
    with temporary_var_dir() as folder:
        yield folder


@pytest.fixture(scope="module")
def port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_says_where_it_is_and_who_can_log_in(var_dir: Path, port: str):
    with running(UP, var_dir, PORT=port) as up:
        up.wait_for_output(READY)
        for host in ("localhost", "riverside.localhost", "harbor.localhost"):
            assert f"http://{host}:{port}/" in up.output
            assert _get("/", port, host) == 200
    assert "demo-password-1234" in up.output
    assert "operator@example.com" in up.output


@pytest.mark.parametrize(
    "words", ["daphne", "manage.py work", "postgres", "valkey-server"]
)
def test_what_is_killed_comes_back(var_dir: Path, port: str, words: str):
    with running(UP, var_dir, PORT=port) as up:
        up.wait_for_output(READY)
        up.kill_child(words)
        assert "was ended by SIGKILL; starting it again" in up.output
        up.wait_until(lambda: _get("/readyz", port) == 200)
        up.wait_until(lambda: _get("/", port, "riverside.localhost") == 200)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_and_leaves_nothing(
    var_dir: Path, port: str, number: signal.Signals
):
    with running(UP, var_dir, PORT=port) as up:
        up.wait_for_output(READY)
        assert up.stop(number) == 0
        assert up.traces() == []
        assert _get("/readyz", port) is None


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_an_interrupt_for_make_alone_ends_all(var_dir: Path, port: str):
    with running(["make", "run"], var_dir, PORT=port) as make:
        make.wait_for_output(READY)
        make.stop(signal.SIGINT)
        assert make.traces() == []


def test_the_next_start_is_quick_and_keeps_the_data(var_dir: Path, port: str):
    with running(UP, var_dir, PORT=port) as up:
        up.wait_for_output(READY)
        before = _clinics(up)
    with running(UP, var_dir, PORT=port) as up:
        # 5 s are promised; other tests share this machine.
        assert up.wait_for_output(READY) < 10
        assert _clinics(up) == before
        assert {"riverside", "harbor"} <= set(before)


def test_a_taken_port_is_named_in_one_line(var_dir: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with running(UP, var_dir, PORT=str(taken)) as up:
            assert up.process.wait(30) == 1
    lines = [line for line in up.output.splitlines() if line]
    assert len(lines) == 1
    assert f"PORT {taken}" in lines[0]


def test_a_second_one_uses_the_servers_of_the_first(var_dir: Path, port: str):
    with running(manage("services", "--print-env"), var_dir) as services:
        services.wait_for_output("REDIS_URL=")
        with running(UP, var_dir, PORT=port) as up:
            up.wait_for_output(READY)
            assert f"already run by process {services.process.pid}" in up.output
            assert up.child("postgres") is None
            assert up.stop() == 0
        assert services.child("postgres")


def _get(path: str, port: str, host: str = "localhost") -> int | None:
    """Return the status of an answer; None where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{port}"})
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def _clinics(up: Running) -> list[str]:
    with psycopg.connect(embedded.urls(up.var_dir)["DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT slug FROM public.tenants_clinic ORDER BY slug"
        )
        return [slug for (slug,) in rows]
