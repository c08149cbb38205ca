"""Addresses of websockets on a clinic's host."""

from typing import Any, cast

from django.urls import path, re_path

from bookings.live import consumers

# Django types what it routes to as views; Channels routes ASGI applications.
websocket_urlpatterns = [
    path("ws/slots/", cast("Any", consumers.slots)),
    re_path(r"", cast("Any", consumers.nothing_here)),
]
