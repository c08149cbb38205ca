"""Appointments: book, list, look at, cancel and move."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.actions import anyone, appointments
from bookings.api import queries
from bookings.api.bodies import BookingBody, CancelBody, MoveBody
from bookings.api.doctors import found
from bookings.api.endpoint import (
    Endpoint,
    clinic_request,
    member,
    refuse_doctors,
    user_of,
)
from bookings.api.formats import etag
from bookings.api.pagination import Cursor
from bookings.api.patients import patient_for
from bookings.api.refusals import expected_version, service_of, with_alternatives
from bookings.api.serializers import AppointmentSerializer
from bookings.models import Appointment
from bookings.once import Answer

API = Appointment.Via.API
_STATUSES = [*Appointment.Status.values, "all"]
_FILTERS = [
    OpenApiParameter("status", str, enum=_STATUSES),
    OpenApiParameter("doctor", str),
    OpenApiParameter("from", str),
    OpenApiParameter("to", str),
]
_IF_MATCH = [OpenApiParameter("If-Match", str, OpenApiParameter.HEADER)]


class Appointments(Endpoint):
    is_repeatable = True
    pagination_class = Cursor
    cursor_fields = ("start", "id")

    def get_permissions(self) -> list[BasePermission]:
        return [AllowAny() if self.request.method == "POST" else IsAuthenticated()]

    def kept(self, result: Appointment) -> Answer:
        return Answer(201, _shown(result))

    @extend_schema(responses=AppointmentSerializer(many=True), parameters=_FILTERS)
    def get(self, request: Request) -> Response:
        """Yours, or the clinic's for its staff; cancelled ones only when asked for."""
        pages = Cursor()
        page = pages.paginate_queryset(_asked_for(request), request, self)
        shown = AppointmentSerializer(page, many=True)  # type: ignore[arg-type]
        return pages.get_paginated_response(shown.data)

    @extend_schema(request=BookingBody, responses={201: AppointmentSerializer})
    def post(self, request: Request) -> Response:
        """Book. Guests say who they are in `patient`."""
        refuse_doctors(request)
        zone = clinic_request(request).clinic.timezone
        sent = BookingBody(data=request.data, context={"zone": zone})
        sent.is_valid(raise_exception=True)
        wish = sent.validated_data
        service, user = service_of(wish["service"]), user_of(request)
        asked: dict[str, Any] = {
            "patient": patient_for(user, wish["patient"]),
            "by": user,
            "via": API,
            "reason": wish["reason"],
            "language": (user and user.language) or get_language() or "",
            **self.terms(request),
        }
        if service and wish["start"]:
            made = anyone.book_at(start=wish["start"], service=service, **asked)
            return _answer(made, 201)
        with with_alternatives(wish["slot"], service):
            made = appointments.book(
                slot_id=wish["slot"],
                service=service,
                hold_token=wish["hold"] or "",
                **asked,
            )
        return _answer(made, 201)


class OneAppointment(Endpoint):
    @extend_schema(responses=AppointmentSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Look at one that you may see."""
        return _answer(_visible(request, pk))


class Change(Endpoint):
    """A POST that changes an appointment and answers with it."""

    is_repeatable = True

    def kept(self, result: Appointment) -> Answer:
        return Answer(200, _shown(result))


class Cancel(Change):
    @extend_schema(
        request=CancelBody, responses=AppointmentSerializer, parameters=_IF_MATCH
    )
    def post(self, request: Request, pk: str) -> Response:
        """Cancel. The clinic's staff may do so at any time before the end."""
        appointment = _visible(request, pk)
        refuse_doctors(request)
        sent = CancelBody(data=request.data)
        sent.is_valid(raise_exception=True)
        done = appointments.cancel(
            appointment_id=appointment.pk,
            by=member(request),
            via=API,
            reason=sent.validated_data["reason"],
            **self.terms(request),
            version=expected_version(request, appointment),
        )
        return _answer(done)


class Reschedule(Change):
    @extend_schema(
        request=MoveBody, responses=AppointmentSerializer, parameters=_IF_MATCH
    )
    def post(self, request: Request, pk: str) -> Response:
        """Move to another start; the old time goes only when the new one is won."""
        appointment = _visible(request, pk)
        refuse_doctors(request)
        sent = MoveBody(data=request.data)
        sent.is_valid(raise_exception=True)
        with with_alternatives(
            sent.validated_data["slot"], appointment.service, is_move=True
        ):
            done = appointments.reschedule(
                appointment_id=appointment.pk,
                slot_id=sent.validated_data["slot"],
                by=member(request),
                via=API,
                hold_token=sent.validated_data["hold"] or "",
                **self.terms(request),
                version=expected_version(request, appointment),
            )
        return _answer(done)


def _answer(appointment: Appointment, status: int = 200) -> Response:
    headers = {"ETag": etag(appointment.version)}
    return Response(_shown(appointment), status, headers=headers)


def _shown(appointment: Appointment) -> dict[str, Any]:
    return dict(AppointmentSerializer(appointment).data)


def _visible(request: Request, pk: str) -> Any:
    """Return an appointment the caller may see; of others not even that they are.

    Raises:
        Http404
    """
    visits = Appointment.objects.visible_to(member(request))
    return found(visits.with_everything().with_slots(), pk)


def _asked_for(request: Request) -> QuerySet[Appointment]:
    zone = clinic_request(request).clinic.zone
    start, end = queries.any_range(request, zone)
    doctor = queries.id_in(request, "doctor")
    status = queries.choice_in(request, "status", _STATUSES)
    rows = Appointment.objects.visible_to(member(request))
    rows = rows.with_everything().with_slots()
    if status is None:
        rows = rows.exclude(status=Appointment.Status.CANCELLED)
    elif status != "all":
        rows = rows.filter(status=status)
    bounds = {"start__gte": start, "start__lt": end, "doctor": doctor}
    return rows.filter(**{name: value for name, value in bounds.items() if value})
