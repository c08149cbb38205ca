"""What every page of a clinic shows: its face. Read only when a template asks."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zlib import crc32

from django.http import HttpRequest
from django.urls import reverse

from bookings.models import Location, Practice


class Face:
    """Name, colours, logo, places and phone of the clinic of a request."""

    @cached_property
    def practice(self) -> Practice:
        return Practice.load()

    @cached_property
    def locations(self) -> list[Location]:
        return list(Location.objects.filter(is_active=True)[:3])

    @property
    def phone_link(self) -> str:
        return f"tel:{''.join(c for c in self.practice.phone if c in '+0123456789')}"

    @property
    def brand_url(self) -> str:
        practice = self.practice
        colour = f"{practice.brand_hue} {practice.brand_chroma}"
        return f"{reverse('bookings:brand')}?v={_mark_of(colour)}"

    @property
    def logo_url(self) -> str:
        if self.practice.logo:
            return str(self.practice.logo.url)
        return f"{reverse('bookings:logo')}?v={_mark_of(self.practice.logo_svg)}"


@dataclass(frozen=True)
class NoFace:
    """The public site has a look of its own."""


def clinic(request: HttpRequest) -> dict[str, Any]:
    """Give templates `face` (a context processor)."""
    return {"face": Face() if getattr(request, "clinic", None) else NoFace()}


def _mark_of(content: str) -> str:
    """Change with the content, so that browsers may keep what they have for a year."""
    return f"{crc32(content.encode()):08x}"
