"""Mail to who opens a clinic. The code is sent in the request: somebody waits for it."""

import logging
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.mail import FAILURES
from tenants.models import Clinic

logger = logging.getLogger(__name__)


def send_code(to: str, code: str) -> None:
    """Send the code that proves the owner's address.

    Raises:
        one of accounts.mail.FAILURES: it could not be handed over.
    """
    _send(to, _("%(code)s is your code") % {"code": code}, "code", {"code": code})


def send_ready(clinic: Clinic, to: str) -> None:
    """Tell the owner the clinic's addresses. It is there whether or not mail goes out."""
    name = " ".join(clinic.name.split())  # a line break would end the header
    context = {
        "clinic_name": name,
        "patients": clinic.url("/"),
        "staff": clinic.url("/admin/"),
        "setup": clinic.url(reverse("setup:start", settings.ROOT_URLCONF)),
        "own_page": clinic.url(reverse("owner:overview", settings.ROOT_URLCONF)),
    }
    try:
        _send(to, _("%(clinic)s is ready") % {"clinic": name}, "ready", context)
    except FAILURES:
        logger.exception("Could not tell an owner that the clinic is ready")


def _send(to: str, subject: str, template: str, context: dict[str, Any]) -> None:
    context = {**context, "home": site_url()}
    message = EmailMessage(
        subject=f"{subject} · Slotwell",
        body=render_to_string(f"tenants/signup/mail/{template}.txt", context),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.send()


def site_url(path: str = "/") -> str:
    """Return the absolute address of `path` on the public site."""
    port = f":{settings.PORT}" if settings.PUBLIC_SCHEME == "http" else ""
    return f"{settings.PUBLIC_SCHEME}://{settings.BASE_DOMAIN}{port}{path}"
