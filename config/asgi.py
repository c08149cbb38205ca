"""ASGI: pages and API by Django, `/ws/` by Channels, each inside its clinic.

Runs unchanged under daphne and uvicorn.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

http = get_asgi_application()  # loads the apps; what follows needs them

from bookings.live.routing import websocket_urlpatterns  # noqa: E402

from tenants.asgi import ClinicSocket  # noqa: E402

application = ProtocolTypeRouter(
    {"http": http, "websocket": ClinicSocket(URLRouter(websocket_urlpatterns))}
)
