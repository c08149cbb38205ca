"""Messages for many viewers, made once: as texts, and as the bytes on the wire."""

import struct


class Ready:
    """Messages to many: their texts, and the same as websocket frames in one piece."""

    __slots__ = ("frames", "texts")

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.frames = b"".join(_frame(text.encode()) for text in texts)


def _frame(payload: bytes) -> bytes:
    """Wrap a text as a whole, unmasked websocket frame (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x81, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x81, 126, size)
    else:
        head = struct.pack("!BBQ", 0x81, 127, size)
    return head + payload
