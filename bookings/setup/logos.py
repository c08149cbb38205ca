"""Logos: read from whatever was uploaded, drawn anew, and put in the place of the old.

What is kept is never the file that came: it is decoded, made small, and written again
as WebP. So nothing is kept that is not pixels, such as where a photo was taken.
"""

import struct
import warnings
from io import BytesIO
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from bookings.setup.rows import locked_practice
from bookings.setup.uploads import LARGEST

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER = "logo"
_SIDE = 512  # pixels of the longer side that are kept
# An animated WebP takes 40 bytes a pixel to decode; a JPEG is decoded small at once.
_LONGEST_SIDE, _MOST_PIXELS, _MOST_OF_JPEG = 10_000, 8_000_000, 16_000_000
_FORMATS = ("PNG", "JPEG", "WEBP")
# All that Pillow raises for files that are broken, or made to hurt.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
    MemoryError,
    struct.error,
)


def drawn_anew(upload: "UploadedFile[Any]") -> bytes:
    """Return an uploaded picture as a small WebP.

    Raises:
        ValidationError: it is no PNG, JPEG or WebP, broken, or too large.
    """
    if (upload.size or 0) > LARGEST:
        raise ValidationError(_("This file is larger than 1 MB. Choose a smaller one."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _small_webp(upload.read())
    except _BROKEN as error:
        raise ValidationError(
            _("We cannot read this file as a picture. Choose a PNG, JPEG or WebP.")
        ) from error


def replace(picture: bytes | None) -> None:
    """Make this the clinic's logo, or have none. The old file goes after the commit."""
    name = _stored(picture) if picture else ""
    try:
        with transaction.atomic():
            practice = locked_practice()
            old, practice.logo.name = practice.logo.name, name
            practice.save(update_fields=["logo"])
            if old:
                transaction.on_commit(lambda: default_storage.delete(old))
    except BaseException:
        if name:
            default_storage.delete(name)
        raise


def _stored(picture: bytes) -> str:
    """Write a picture under a name that nobody guesses and that was never used."""
    name = f"{FOLDER}/{token_hex(16)}.webp"
    return str(default_storage.save(name, ContentFile(picture)))


def _small_webp(data: bytes) -> bytes:
    """Decode, after a look at how large it would be, and encode without metadata."""
    from PIL import Image, ImageOps  # noqa: PLC0415 (slow to import, seldom needed)

    try:
        opened = Image.open(BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    with opened as image:
        if _is_huge(image):
            raise _too_many_pixels()
        image.draft("RGB", (_SIDE * 2, _SIDE * 2))
        has_alpha = "A" in image.getbands() or "transparency" in image.info
        plain = image.convert("RGBA" if has_alpha else "RGB")
    plain.thumbnail((_SIDE, _SIDE))
    upright = ImageOps.exif_transpose(plain)
    bare = Image.new(upright.mode, upright.size)  # only pixels: no profile, no comments
    bare.paste(upright)
    written = BytesIO()
    bare.save(written, "WEBP", quality=90, method=4)
    return written.getvalue()


def _is_huge(image: "Image") -> bool:
    """Judge before anything is decoded: a small file may hold a huge picture."""
    most = _MOST_OF_JPEG if image.format == "JPEG" else _MOST_PIXELS
    return max(image.size) > _LONGEST_SIDE or image.width * image.height > most


def _too_many_pixels() -> ValidationError:
    return ValidationError(
        _("This picture has too many pixels. Make it smaller, 512 × 512 is enough.")
    )
