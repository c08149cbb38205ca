"""Pictures to upload, good ones and bad ones."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from bookings.models import Practice

STEP = "/setup/look/"


def picture(kind="PNG", size=(900, 600), colour=(200, 30, 30), **options: Any) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, colour).save(written, kind, **options)
    return written.getvalue()


def upload(client, content: bytes, *, name="logo.png", kind="image/png"):
    file = SimpleUploadedFile(name, content, content_type=kind)
    return client.post(STEP, {"hue": "165", "logo": file})


def name_kept() -> str:
    return str(Practice.load().logo.name or "")


def kept() -> Path:
    return Path(default_storage.path(name_kept()))


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has that many pixels, and has them."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    line = b"\0" * (1 + (width + 7) // 8)
    data = b"".join(rows.compress(line) for _ in range(min(height, 2000)))
    data += rows.flush()
    parts = chunk(b"IHDR", head), chunk(b"IDAT", data), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def text_bomb() -> bytes:
    """A small PNG with a comment that unpacks to 50 MB."""
    good = picture(size=(8, 8))
    comment = b"Comment\0\0" + zlib.compress(b"a" * 50_000_000, 9)
    return good[:33] + chunk(b"zTXt", comment) + good[33:]


UNREADABLE = {
    "empty": b"\n",
    "text": b"This is no picture",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "html behind a PNG's first bytes": b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    "gif": picture("GIF", size=(10, 10)),
    "tiff": picture("TIFF", size=(10, 10)),
    "truncated png": picture("PNG")[:200],
    "truncated jpeg": picture("JPEG", size=(400, 400))[:500],
    "truncated webp": picture("WEBP", size=(400, 400))[:60],
    "half a header": picture("PNG")[:20],
    "text bomb": text_bomb(),
}
