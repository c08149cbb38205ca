"""Every log line says which clinic it is about."""

import logging

from django.db import connection


class ClinicFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Name the clinic of the line's request, else the one this thread works for.

        Django logs refusals (404, 405 …) when the clinic has been left already.
        """
        request = getattr(record, "request", None)
        thread_s = getattr(connection, "tenant", None)
        tenant = getattr(request, "clinic", thread_s)
        record.clinic = getattr(tenant, "slug", "-")
        return True
