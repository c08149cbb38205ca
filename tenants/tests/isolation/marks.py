"""What must not be seen: everything by which one clinic could be told from another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.mail import EmailMessage

from tenants.models import Clinic
from tenants.tests.isolation.rows import canary_of, noted_of


@dataclass(frozen=True)
class Marks:
    """The marks of one clinic, in small letters."""

    owner: str
    texts: tuple[str, ...]

    def seen_in(self, *where: object) -> list[str]:
        """Return which of them appear in texts, bytes, or what is made of them."""
        whole = "\n".join(map(_text, where)).lower()
        return [mark for mark in self.texts if mark in whole]

    def but(self, said: str) -> "Marks":
        """Those that the visitor has not said already: an echo tells nothing."""
        return Marks(self.owner, tuple(m for m in self.texts if m not in said.lower()))


def marks_of(clinic: Clinic) -> Marks:
    return Marks(
        clinic.slug,
        (
            canary_of(clinic).lower(),
            noted_of(clinic).lower(),
            clinic.name.lower(),
            str(clinic.pk),
            clinic.schema_name.lower(),
            f"{clinic.slug}.localhost",
        ),
    )


def parts_of(response: Any) -> Iterator[object]:
    """Everything that an answer tells: status line, headers, cookies, body."""
    yield from (f"{name}: {value}" for name, value in response.headers.items())
    yield response.cookies.output()
    if response.streaming:
        yield b"".join(response.streaming_content)
    else:
        yield response.content


def parts_of_mail(message: EmailMessage) -> Iterator[object]:
    """The text of a mail, and of each of its parts, decoded."""
    whole: Any = message.message()
    yield str(dict(whole.items()))
    for part in whole.walk():
        payload = part.get_payload(decode=True)
        yield payload if payload is not None else ""


def canaries_in(response: Any) -> set[str]:
    """Return whose canaries an answer has."""
    body = b"\n".join(
        part if isinstance(part, bytes) else str(part).encode()
        for part in parts_of(response)
    ).upper()
    return {who for who in ("RIVERSIDE", "HARBOR") if f"CANARY-{who}".encode() in body}


def _text(part: object) -> str:
    if isinstance(part, bytes):
        return part.decode("utf-8", "replace")
    if isinstance(part, Iterable) and not isinstance(part, str):
        return "\n".join(map(_text, part))
    return str(part)
