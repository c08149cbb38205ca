"""How answers of each server come over the wire: at once, whole, and in order."""

import socket
import time
from collections.abc import Iterator

import pytest

from bookings.tests.processes import Daphne, free_port, start_python
from config.tests.answering import LARGE

pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def port(request) -> Iterator[int]:
    port = free_port()
    words = ["-m", "config.tests.answering", request.param, str(port)]
    server = Daphne(start_python(words, {}, port=port), port)
    try:
        server.wait_until_ready()
        yield port
    finally:
        server.stop()


@pytest.fixture
def line(port) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        yield line


def _ask(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode()


def _until(line: socket.socket, length: int) -> bytes:
    """Read a head and so many bytes after it."""
    told = b""
    while len(told.partition(b"\r\n\r\n")[2]) < length:
        more = line.recv(1 << 20)
        assert more, told[:500]
        told += more
    return told


def _all(line: socket.socket) -> bytes:
    told = b""
    while more := line.recv(1 << 20):
        told += more
    return told


def test_head_and_body_come_in_one_packet(line):
    for _ in range(20):  # by chance, two may be read at once
        line.sendall(_ask("/whole"))
        told = line.recv(65536)

        assert told.startswith(b"HTTP/1.1 200 ")
        assert told.endswith(b"\r\n\r\nall of it")


def test_a_head_does_not_wait_for_a_late_body(line):
    line.sendall(_ask("/parts"))

    told = line.recv(65536)
    assert not told.endswith(b"three")
    while not told.endswith(b"three"):
        told += line.recv(65536)
    assert told.endswith(b"\r\n\r\none two three")


def test_what_the_socket_does_not_take_comes_later(line):
    line.sendall(_ask("/large"))
    time.sleep(0.3)  # it is written meanwhile as far as there is room

    assert len(_until(line, LARGE).partition(b"\r\n\r\n")[2]) == LARGE


def test_questions_in_one_packet_are_answered_in_order(line):
    line.sendall(_ask("/whole") + _ask("/large") + _ask("/whole"))

    told = b""
    while told.count(b"all of it") < 2:
        told += line.recv(1 << 20)
    assert told.count(b"HTTP/1.1 200 ") == 3
    assert told.endswith(b"all of it")


@pytest.mark.parametrize("path", ["/whole", "/large", "/parts", "/empty"])
@pytest.mark.parametrize(
    "question", [{"version": "1.0"}, {"headers": ("Connection: close",)}]
)
def test_the_line_ends_after_the_last_byte(line, path, question):
    headers = question.get("headers", ())
    line.sendall(_ask(path, *headers, version=question.get("version", "1.1")))

    head, _, body = _all(line).partition(b"\r\n\r\n")
    [length] = [
        int(each.split(b":")[1])
        for each in head.splitlines()
        if each.lower().startswith(b"content-length")
    ]
    assert len(body) == length


def test_who_hangs_up_early_harms_nobody(port, line):
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", port), 10) as gone:
            gone.sendall(_ask("/large"))
    line.sendall(_ask("/whole"))

    assert line.recv(65536).endswith(b"all of it")


def test_a_broken_form_is_the_applications_own_business(line):
    body = b"no boundary"
    told = ["Content-Type: multipart/form-data", f"Content-Length: {len(body)}"]
    line.sendall(_ask("/whole", *told, method="POST") + body)

    assert line.recv(65536).endswith(b"all of it")


def test_head_alone_when_only_that_is_asked_for(line):
    line.sendall(_ask("/whole", method="HEAD") + _ask("/whole"))

    told = _until(line, 9)
    while told.count(b"HTTP/1.1 200 ") < 2 or not told.endswith(b"all of it"):
        told += line.recv(65536)
    assert told.count(b"all of it") == 1
