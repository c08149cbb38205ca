"""Cookies that outlast a session, for this host alone and out of reach of scripts."""

from django.conf import settings
from django.http import HttpResponse

from accounts.models import User

YEAR = 365 * 24 * 3600  # seconds


def remember(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def remember_language(response: HttpResponse, user: User) -> None:
    """Make pages speak what the user chose; without a choice, what the browser says."""
    if user.language:
        remember(response, settings.LANGUAGE_COOKIE_NAME, user.language)
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
