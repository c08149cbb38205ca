"""How things about clinics are put into words and colours. Moments are in UTC here."""

from datetime import UTC, datetime
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenants.models import Clinic
from tenants.versions import current_version

COLOURS = {
    "creating": "info",
    "trial": "primary",
    "active": "success",
    "suspended": "warning",
    "closed": "danger",
}
LEVEL_COLOURS = {"near": "warning", "full": "danger"}
NOTHING = "–"


def moment(at: datetime | None) -> str:
    """An instant, to the minute."""
    if at is None:
        return NOTHING
    return f"{date_format(at.astimezone(UTC), 'D j M Y, H:i')} UTC"


def day(at: datetime | None) -> SafeString:
    """The day of an instant, in one line."""
    said = date_format(at.astimezone(UTC), "j M Y") if at else NOTHING
    return format_html('<span class="whitespace-nowrap">{}</span>', said)


def number(value: int) -> str:
    """A number that can be read: 1,000,000."""
    return str(number_format(value, force_grouping=True))


def label(text: str, colour: str = "") -> SafeString:
    """A word on a coloured ground."""
    look = {"text": text, "variant": colour}
    return render_to_string("unfold/helpers/label.html", look)


def link(address: str, text: str) -> SafeString:
    """A link as this admin has them."""
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>',
        address,
        text,
    )


def page_of(clinic: Clinic) -> str:
    """The address of a clinic's page in this admin."""
    return reverse("admin:tenants_clinic_change", args=[clinic.pk])


def list_of(model: str, **query: Any) -> str:
    """The address of a list in this admin."""
    place = reverse(f"admin:tenants_{model}_changelist")
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{place}?{asked}" if asked else place


def tables_of(clinic: Clinic) -> tuple[str, str]:
    """Whether a clinic's tables are this code's, in a word, and its colour."""
    if clinic.migration_error:
        return _("Failed"), "danger"
    if clinic.status == Clinic.Status.CREATING:
        return _("Not there yet"), "info"
    if clinic.schema_version == current_version():
        return _("Current"), "success"
    return _("Behind"), "warning"
