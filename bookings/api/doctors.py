"""Doctors and services: what the clinic offers."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from bookings.api.endpoint import Endpoint
from bookings.api.formats import as_uuid
from bookings.api.serializers import DoctorSerializer, ServiceSerializer
from bookings.models import Doctor, Service


class Doctors(Endpoint, ListAPIView[Doctor]):
    """The doctors whom patients can book."""

    permission_classes = (AllowAny,)
    serializer_class = DoctorSerializer
    queryset = Doctor.objects.none()  # for the schema
    cursor_fields = ("position", "name", "id")

    def get_queryset(self) -> Any:
        return Doctor.objects.listed()


class OneDoctor(Endpoint):
    permission_classes = (AllowAny,)

    @extend_schema(responses=DoctorSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Look at one doctor."""
        doctor = found(Doctor.objects.listed(), pk)
        return Response(DoctorSerializer(doctor).data)


class Services(Endpoint, ListAPIView[Service]):
    """The kinds of visit the clinic offers."""

    permission_classes = (AllowAny,)
    serializer_class = ServiceSerializer
    queryset = Service.objects.none()
    cursor_fields = ("position", "name", "id")

    def get_queryset(self) -> Any:
        return Service.objects.filter(is_active=True)


class OneService(Endpoint):
    permission_classes = (AllowAny,)

    @extend_schema(responses=ServiceSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Look at one service."""
        service = found(Service.objects.filter(is_active=True), pk)
        return Response(ServiceSerializer(service).data)


def found(rows: Any, told: str) -> Any:
    """Return the row of an id in a path.

    Raises:
        Http404: there is none, or it is no id.
    """
    try:
        return rows.get(pk=as_uuid(told))
    except (ValueError, rows.model.DoesNotExist) as error:
        raise Http404 from error
