"""What is written past the server is what the server would have written."""

from types import SimpleNamespace

import pytest
from daphne.ws_protocol import WebSocketProtocol
from websockets.frames import Frame, Opcode

from bookings.live.ready import Ready
from config import daphne_answers


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
def test_a_frame_is_as_the_standard_has_it(size):
    text = "x" * size

    made = Ready([text, "ö"])

    whole = Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
    assert made.frames == whole + Frame(Opcode.TEXT, "ö".encode()).serialize(mask=False)
    assert made.texts == [text, "ö"]


class Transport:
    """Stands where Twisted's stands: what was not sent yet is in it."""

    def __init__(self, *, unread: int) -> None:
        self.dataBuffer = b"x" * unread
        self._tempDataLen = 0
        self.written: list[bytes] = []
        self.is_aborted = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abortConnection(self) -> None:  # noqa: N802
        self.is_aborted = True


def _write(transport, *, is_open=True):
    known = WebSocketProtocol
    state = known.STATE_OPEN if is_open else known.STATE_CLOSING
    protocol = SimpleNamespace(state=state, transport=transport)
    return daphne_answers._write_frames(protocol, b"frame")


def test_daphne_writes_to_who_reads():
    transport = Transport(unread=1000)

    assert _write(transport)
    assert (transport.written, transport.is_aborted) == ([b"frame"], False)


def test_daphne_hangs_up_on_who_does_not_read():
    transport = Transport(unread=2 * 1024 * 1024)

    assert _write(transport)
    assert (transport.written, transport.is_aborted) == ([], True)


def test_daphne_writes_nothing_to_who_is_leaving():
    transport = Transport(unread=0)

    assert not _write(transport, is_open=False)
    assert transport.written == []
