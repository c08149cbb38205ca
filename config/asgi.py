"""ASGI: pages and API by Django, `/ws/` by Channels, each inside its clinic.

Runs unchanged under daphne and uvicorn.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from channels.routing import ProtocolTypeRouter, URLRouter

django.setup(set_prefix=False)  # loads the apps; what follows needs them

from bookings.live.routing import websocket_urlpatterns  # noqa: E402
from config.door import Door  # noqa: E402
from config.threads import ThreadsHandler  # noqa: E402
from tenants.asgi import ClinicSocket  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": Door(ThreadsHandler()),
        "websocket": ClinicSocket(URLRouter(websocket_urlpatterns)),
    }
)
