"""Mail for development: one `.eml` file per message, in `EMAIL_FILE_PATH`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


class EmlFileBackend(BaseEmailBackend):
    """Write each message whole or not at all, readable by its owner only.

    File names sort by time. A message that is sent twice is there twice.
    """

    def __init__(self, *args: Any, file_path: Path | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.folder = Path(file_path or settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Return how many were written.

        Raises:
            OSError: the folder cannot be written (unless told to fail silently).
        """
        sent = 0
        try:
            for message in email_messages:
                if message.recipients():
                    self._write(message.message().as_bytes())
                    sent += 1
        except OSError:
            if not self.fail_silently:
                raise
        return sent

    def _write(self, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{timezone.now():%Y%m%dT%H%M%S.%f}Z-{uuid4().hex[:8]}"
        draft = self.folder / f".{name}.tmp"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            draft.rename(self.folder / f"{name}.eml")
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
