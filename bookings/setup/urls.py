"""The guided set-up, for owners, under `/setup/` of every clinic's host."""

from django.urls import path

from bookings.setup import views

app_name = "setup"

urlpatterns = [
    path("", views.start, name="start"),
    path("place/", views.place_step, name="place"),
    path("services/", views.services_step, name="services"),
    path("doctor/", views.doctor_step, name="doctor"),
    path("look/", views.look_step, name="look"),
]
