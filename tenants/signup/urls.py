"""Pages under /signup/ on the public site."""

from django.urls import path

from tenants.signup import views

app_name = "signup"

urlpatterns = [
    path("", views.start, name="start"),
    path("check/", views.check, name="check"),
    path("code/", views.code, name="code"),
    path("address/", views.address, name="address"),
    path("ready/", views.ready, name="ready"),
]
