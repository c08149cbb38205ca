"""A mail server for tests: real SMTP, in a thread, that can refuse and stall."""

import email
import email.policy
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from icalendar import Calendar


class Mailbox:
    def __init__(self, port: int) -> None:
        self.port = port
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answer = "250 OK"  # what it says after a message
        self.is_prompt = threading.Event()  # cleared: takes messages, answers nothing
        self.is_prompt.set()
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    def __enter__(self) -> "Mailbox":
        self._controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.is_prompt.set()
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("2"):
            parsed = email.message_from_bytes(
                envelope.content, policy=email.policy.default
            )
            self.messages.append(parsed)
            self.recipients.append(envelope.rcpt_tos)
        if not self.is_prompt.is_set():
            await self._loop().run_in_executor(None, self.is_prompt.wait, 20)
        return self.answer

    def _loop(self) -> Any:
        return self._controller.loop

    def wait_for(self, number: int, seconds: float = 15) -> list[EmailMessage]:
        """Wait until that many messages have come."""
        wait_until(lambda: len(self.messages) >= number, seconds)
        return self.messages


def wait_until(is_so: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def part(message: EmailMessage, content_type: str) -> EmailMessage:
    found = [p for p in message.walk() if p.get_content_type() == content_type]
    assert len(found) == 1
    return found[0]


def text_of(message: EmailMessage) -> str:
    return str(part(message, "text/plain").get_content())


def event_of(message: EmailMessage) -> Any:
    """The one event of the attached calendar file, as a calendar program reads it."""
    return read_event(part(message, "text/calendar").get_content())


def read_event(content: bytes | str) -> Any:
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    return event
