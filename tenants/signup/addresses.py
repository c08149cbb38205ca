"""What address a clinic may have: proposed, judged, and what is free instead."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tenants.context import platform_context
from tenants.models import Clinic, Provisioning
from tenants.models.clinics import slug_shape
from tenants.names import is_reserved

LONGEST = 40


def in_one_form(typed: str) -> str:
    """Return an address as it is kept, however it was typed."""
    return typed.strip().lower()


def proposal(name: str) -> str:
    """Make an address of a clinic's name; empty when nothing of it can stand there."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", folded.replace("'", "").lower())
    slug = words.lstrip("-0123456789")[:LONGEST].strip("-")
    return slug if len(slug) >= 3 else ""


def check(slug: str, *, owner_email: str = "") -> None:
    """Accept an address that can be had.

    Args:
        owner_email: of who asks; their own half-made clinic does not stand in their way.

    Raises:
        ValidationError: it is of no good shape, reserved, or taken; says so.
    """
    slug_shape(slug)
    is_reserved(slug)
    if slug in _taken([slug], owner_email):
        raise ValidationError(said_taken(slug), code="taken")


def said_taken(slug: str, zone: str = "") -> str:
    """Say that an address is taken, and which ones are not."""
    free = alternatives(slug, zone)
    if not free:
        return _("“%(slug)s” is taken. Choose another address.") % {"slug": slug}
    return _("“%(slug)s” is taken. These are free: %(free)s") % {
        "slug": slug,
        "free": ", ".join(free),
    }


def alternatives(slug: str, zone: str = "") -> list[str]:
    """Return two addresses like the one wanted that can be had; fewer if there are."""
    city = proposal(zone.rpartition("/")[2].replace("_", "-"))
    ends = [city, "clinic", "practice", "2", "3"]
    wanted = [f"{slug}-{end}" for end in ends if end and not slug.endswith(end)]
    fit = [each for each in wanted if _is_acceptable(each)]
    taken = _taken(fit)
    return [each for each in fit if each not in taken][:2]


def _is_acceptable(slug: str) -> bool:
    try:
        slug_shape(slug)
        is_reserved(slug)
    except ValidationError:
        return False
    return True


def _taken(slugs: list[str], owner_email: str = "") -> set[str]:
    with platform_context():
        taken = Clinic.objects.filter(slug__in=slugs)
        if owner_email:
            own = Provisioning.objects.filter(owner_email=owner_email)
            taken = taken.exclude(pk__in=own.values("clinic_id"))
        return set(taken.values_list("slug", flat=True))
