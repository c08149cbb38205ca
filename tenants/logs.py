"""Every log line says which clinic it is about."""

import logging

from django.db import connection


class ClinicFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        tenant = getattr(connection, "tenant", None)
        record.clinic = getattr(tenant, "slug", "-")
        return True
