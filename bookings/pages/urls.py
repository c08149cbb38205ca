"""Patients' pages on every clinic's host."""

from django.urls import path, re_path

from bookings.pages import (
    about,
    appointments,
    confirming,
    doctors,
    face,
    home,
    media,
    moving,
)

app_name = "bookings"

urlpatterns = [
    path("", home.home, name="home"),
    path("doctors/<slug:slug>/", doctors.doctor, name="doctor"),
    path("doctors/<slug:slug>/portrait.svg", face.portrait, name="portrait"),
    path("book/", confirming.current, name="book"),
    path("book/<uuid:hold_id>/", confirming.confirm, name="confirm"),
    path("book/<uuid:hold_id>/release/", confirming.release, name="release"),
    path("appointments/", appointments.mine, name="appointments"),
    path("appointments/<str:reference>/", appointments.one, name="appointment"),
    path("appointments/<str:reference>/cancel/", appointments.cancel, name="cancel"),
    path("appointments/<str:reference>/move/", moving.move, name="move"),
    path(
        "appointments/<str:reference>/calendar.ics",
        appointments.calendar,
        name="calendar",
    ),
    path("privacy/", about.privacy, name="privacy"),
    path("accessibility/", about.accessibility, name="accessibility"),
    path("brand.css", face.brand, name="brand"),
    path("logo.svg", face.logo, name="logo"),
    # Nothing else is an address at all: no folders, no dots, no other endings.
    re_path(
        r"^media/(?P<folder>[a-z]+)/(?P<name>[0-9a-z]+\.webp)\Z",
        media.media,
        name="media",
    ),
]
