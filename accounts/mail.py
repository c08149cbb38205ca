"""Mail about accounts. Sent in the request: nobody waits for a code that comes later."""

import logging
from typing import Any

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import Clinic

logger = logging.getLogger(__name__)

# What sending may raise: no connection, a refusal, a broken address.
FAILURES = (OSError, ValueError)  # SMTPException is an OSError


def send_code(clinic: Clinic, to: str, code: str) -> None:
    """Send the code that proves a new account's address."""
    subject = _("%(code)s is your code") % {"code": code}
    _send(clinic, to, subject, "code", {"code": code})


def send_account_exists(clinic: Clinic, to: str) -> None:
    """Tell somebody who signs up again that they have an account."""
    context = {"login": clinic.url(reverse("accounts:login"))}
    _send(clinic, to, _("You already have an account"), "account_exists", context)


def send_reset_link(clinic: Clinic, to: str, link: str) -> None:
    """Send the link that lets its reader choose a new password."""
    _send(clinic, to, _("Choose a new password"), "reset", {"link": link})


def send_no_account(clinic: Clinic, to: str) -> None:
    """Answer a request for a new password where there is no account.

    Without this mail, the time that sending takes would tell who has one.
    """
    _send(clinic, to, _("There is no account to reset"), "no_account", {})


def send_password_changed(clinic: Clinic, to: str) -> None:
    """Tell the owner, who may not be the one who changed it.

    The change stands whether or not the mail can be sent.
    """
    context = {"reset": clinic.url(reverse("accounts:reset"))}
    try:
        _send(clinic, to, _("Your password was changed"), "password_changed", context)
    except FAILURES:
        logger.exception("Could not tell of a changed password")


def _send(
    clinic: Clinic, to: str, subject: str, template: str, context: dict[str, Any]
) -> None:
    """Send one text.

    Raises:
        one of FAILURES: it could not be handed over.
    """
    name = " ".join(clinic.name.split())  # a line break would end the header
    context = {**context, "clinic_name": name, "home": clinic.url("/")}
    message = EmailMessage(
        subject=f"{subject} · {name}",
        body=render_to_string(f"accounts/mail/{template}.txt", context),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.send()
