"""Reads uploaded files into memory, and never more of one than a logo may have."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

LARGEST = 1024 * 1024  # bytes


class SmallFiles(FileUploadHandler):
    """Keeps the beginning of a file. The whole request is read either way.

    One that is too large is a byte longer than it may be: a form then says so, and what
    else was typed is kept. Without this, Django writes it to the disk at any length.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        del start
        room = LARGEST + 1 - self.kept.tell()
        self.kept.write(raw_data[:room])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        del file_size
        size = self.kept.tell()
        self.kept.seek(0)
        return InMemoryUploadedFile(
            self.kept,
            self.field_name,
            self.file_name,
            self.content_type,
            size,
            self.charset,
            self.content_type_extra,
        )
