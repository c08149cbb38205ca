"""Everything under /api/v1/."""

from django.urls import path, re_path

from bookings.api import appointments, doctors, holds, schema, slots, tokens
from bookings.api.unknown import not_found

app_name = "api"

urlpatterns = [
    path("auth/token/", tokens.Token.as_view(), name="token"),
    path("auth/refresh/", tokens.RefreshToken.as_view(), name="refresh"),
    path("doctors/", doctors.Doctors.as_view(), name="doctors"),
    path("doctors/<str:pk>/", doctors.OneDoctor.as_view(), name="doctor"),
    path("services/", doctors.Services.as_view(), name="services"),
    path("services/<str:pk>/", doctors.OneService.as_view(), name="service"),
    path("slots/", slots.Slots.as_view(), name="slots"),
    path("slots/<str:pk>/", slots.OneSlot.as_view(), name="slot"),
    path("holds/", holds.Holds.as_view(), name="holds"),
    path("holds/<str:token>/", holds.OneHold.as_view(), name="hold"),
    path("appointments/", appointments.Appointments.as_view(), name="appointments"),
    path(
        "appointments/<str:pk>/",
        appointments.OneAppointment.as_view(),
        name="appointment",
    ),
    path("appointments/<str:pk>/cancel/", appointments.Cancel.as_view(), name="cancel"),
    path(
        "appointments/<str:pk>/reschedule/",
        appointments.Reschedule.as_view(),
        name="reschedule",
    ),
    path("schema/", schema.Schema.as_view(), name="schema"),
    path("docs/", schema.docs, name="docs"),
    re_path("", not_found),
]
