"""Sets the clinic before anything else looks at the request."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import set_urlconf

from tenants.context import PLATFORM, Platform, acting_for, platform_context
from tenants.hosts import UnknownHostError, name_in, resolve
from tenants.refusals import unavailable

# Load balancers and proxies ask by IP.
ANY_HOST_PATHS = frozenset({"/healthz", "/readyz", "/may-have-certificate"})
OWNERS_PAGE = "/clinic/"
# What programs ask for, and what a page at the same host is made of.
_STAYS = (
    "/api/",
    "/ws/",
    "/static/",
    "/media/",
    "/.well-known/",
    "/brand.css",
    "/logo.svg",
    "/favicon.ico",
    OWNERS_PAGE,
)
logger = logging.getLogger(__name__)


class ClinicMiddleware:
    """Host → clinic, its schema and its URLs; an unknown host gets a bare 404."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        if request.path_info in ANY_HOST_PATHS:
            return self._serve(request, PLATFORM)
        try:
            return self._serve(request, resolve(request.get_host()))
        except (UnknownHostError, DisallowedHost):
            _set_urls(request, settings.PUBLIC_SCHEMA_URLCONF)
            request.clinic = None
            with platform_context():
                return render(request, "tenants/unknown_host.html", status=404)
        except (OperationalError, InterfaceError) as error:
            logger.warning("whose host this is cannot be looked up: %r", error)
            return unavailable(request)

    def _serve(self, request: Any, tenant: Any) -> HttpResponseBase:
        is_platform = isinstance(tenant, Platform)
        request.tenant = tenant
        request.clinic = None if is_platform else tenant
        _set_urls(
            request,
            settings.PUBLIC_SCHEMA_URLCONF if is_platform else settings.ROOT_URLCONF,
        )
        with acting_for(tenant):
            return self.get_response(request)


class PrimaryDomainMiddleware:
    """Leads pages of a clinic to the one domain that its links name.

    By 307, which no browser keeps: a 308 kept from when another domain was primary, and
    today's the other way round, would send it in circles. The owner's own page stays
    where it is asked for, so that a domain whose DNS went wrong locks no owner out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        if request.clinic is None:
            return self.get_response(request)
        host = name_in(request.get_host())
        target = _where_to_lead(request, host)
        answer: HttpResponseBase = (
            HttpResponseRedirect(target, preserve_request=True)
            if target
            else self.get_response(request)
        )
        if request.is_secure() and not host.endswith(f".{settings.BASE_DOMAIN}"):
            # Their other hosts, and browsers' built-in lists, are not ours to decide on.
            seconds = f"max-age={settings.SECURE_HSTS_SECONDS}"
            answer.headers["Strict-Transport-Security"] = seconds
        return answer


def _where_to_lead(request: Any, host: str) -> str:
    """Return the same page's address on the primary domain, if it is to be led there."""
    if request.clinic.primary_domain in ("", host) or not _is_opened_page(request):
        return ""
    try:
        return str(request.clinic.url(request.get_full_path()))
    except UnicodeError:
        return ""  # an address that nobody can read is refused further in


def _is_opened_page(request: HttpRequest) -> bool:
    """Whether a person opens it: not a program, nor a page that reads on at its host."""
    return (
        request.method in ("GET", "HEAD")
        and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and "HX-Request" not in request.headers
        and not request.path_info.startswith(_STAYS)
        and not request.GET.get("next", "").startswith(OWNERS_PAGE)
    )


def _set_urls(request: Any, urlconf: str) -> None:
    request.urlconf = urlconf
    set_urlconf(urlconf)
