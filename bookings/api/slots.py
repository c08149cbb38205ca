"""Times: all that are published, or the starts at which a service can be had."""

from typing import Any

from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from bookings import agenda
from bookings.api import queries
from bookings.api.doctors import found
from bookings.api.endpoint import Endpoint, clinic_request
from bookings.api.formats import etag
from bookings.api.pagination import Cursor
from bookings.api.serializers import SlotSerializer
from bookings.models import Doctor, Service, Slot

_FILTERS = [
    OpenApiParameter("doctor", str),
    OpenApiParameter("service", str),
    OpenApiParameter("from", str),
    OpenApiParameter("to", str),
    OpenApiParameter("status", str, enum=Slot.Status.values),
]


# Asked anew each time, answered in full only when it has changed.
CACHING = "private, no-cache"


@method_decorator(conditional_page, name="dispatch")
class Slots(Endpoint):
    permission_classes = (AllowAny,)
    pagination_class = Cursor
    cursor_fields = ("start", "id")
    cursor_model = Slot

    @extend_schema(responses=SlotSerializer(many=True), parameters=_FILTERS)
    def get(self, request: Request) -> Response:
        """Times that start in a range, in order; by default this week's."""
        now = timezone.now()
        pages = Cursor()
        page = pages.paginate_queryset(self._asked_for(request, now), request, self)
        shown = SlotSerializer(page, many=True, context={"now": now})
        response = pages.get_paginated_response(shown.data)
        response.headers["Cache-Control"] = CACHING
        return response

    def _asked_for(self, request: Request, now: Any) -> Any:
        zone = clinic_request(request).clinic.zone
        today = now.astimezone(zone).date()
        start, end = queries.coming_range(request, zone, today)
        doctor = queries.id_in(request, "doctor")
        status = queries.choice_in(request, "status", Slot.Status.values)
        service = queries.id_in(request, "service")
        if service:
            rows = _starts(service, doctor, start, end, now)
            return [row for row in rows if status in (None, row.status_at(now))]
        published = Slot.objects.between(start, end).filter(doctor__is_active=True)
        if doctor:
            published = published.filter(doctor=doctor)
        return published.with_status(status, now) if status else published


class OneSlot(Endpoint):
    permission_classes = (AllowAny,)

    @extend_schema(responses=SlotSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Look at one time, with its version as ETag."""
        now = timezone.now()
        slot = found(Slot.objects.filter(doctor__is_active=True), pk)
        shown = SlotSerializer(slot, context={"now": now}).data
        return Response(shown, headers={"ETag": etag(shown["version"])})


def _starts(
    service_id: Any, doctor_id: Any, start: Any, end: Any, now: Any
) -> list[Slot]:
    """The slots at which the service can start, by start and id."""
    service = Service.objects.filter(pk=service_id, is_active=True).first()
    if service is None:
        return []
    doctors = Doctor.objects.listed().filter(services=service)
    if doctor_id:
        doctors = doctors.filter(pk=doctor_id)
    views = agenda.starts(list(doctors), start, end, service=service, now=now)
    return [view.slot for view in views]
