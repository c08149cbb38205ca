"""The API's description of itself: OpenAPI 3.1, and a page to read and try it."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
)
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny

from bookings.api.serializers import ProblemSerializer
from tenants.http import ClinicRequest


class BearerToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How `JWTAuthentication` is called in the description."""

    target_class = "accounts.authentication.JWTAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class EndpointSchema(AutoSchema):
    """Adds to each call the answer that all calls may give: a problem.

    And to each call that may be repeated, its key.
    """

    def get_override_parameters(self) -> Any:
        if self.method == "POST" and getattr(self.view, "is_repeatable", False):
            return [OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)]
        return []

    def get_response_serializers(self) -> Any:
        told: Any = super().get_response_serializers()
        if not isinstance(told, dict):
            told = {"200": told}
        problem = OpenApiResponse(ProblemSerializer, description="A problem")
        return {**told, ("4XX", "application/problem+json"): problem}


class Schema(SpectacularAPIView):
    """JSON unless YAML is asked for: what reads YAML reads that as well."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]
    permission_classes = (AllowAny,)


@login_not_required
@require_safe
def docs(request: ClinicRequest) -> HttpResponse:
    """Show Swagger UI from our own files."""
    return render(request, "api/docs.html")
