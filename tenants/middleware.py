"""Sets the clinic before anything else looks at the request."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import set_urlconf

from tenants.context import PLATFORM, Platform, acting_for, platform_context
from tenants.hosts import UnknownHostError, resolve

HEALTH_PATHS = frozenset({"/healthz", "/readyz"})


class ClinicMiddleware:
    """Host → clinic, its schema and its URLs; an unknown host gets a bare 404."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        if request.path_info in HEALTH_PATHS:  # load balancers ask by IP
            return self._serve(request, PLATFORM)
        try:
            return self._serve(request, resolve(request.get_host()))
        except (UnknownHostError, DisallowedHost):
            _set_urls(request, settings.PUBLIC_SCHEMA_URLCONF)
            request.clinic = None
            with platform_context():
                return render(request, "tenants/unknown_host.html", status=404)

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


def _set_urls(request: Any, urlconf: str) -> None:
    request.urlconf = urlconf
    set_urlconf(urlconf)
